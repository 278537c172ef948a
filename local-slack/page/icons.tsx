const PATHS = {
  hash: 'M9.5 3 8 21M16 3l-1.5 18M4 8.500h17M3 15.500h17',
  lock: 'M6 11h12v9H6zM8.5 11V7.500a3.5 3.5 0 0 1 7 0V11',
  home: 'M4 11.5 12 4l8 7.500M6 10v10h4.500v-5h3v5H18V10',
  messages: 'M4 5h16v11H9l-5 4z',
  close: 'M6 6l12 12M18 6 6 18',
  menu: 'M4 7h16M4 12h16M4 17h16',
  chevron: 'M6 9l6 6 6-6',
  send: 'M4 4l17 8-17 8 3-8zM7 12h6',
  slash: 'M5 4h14v16H5zM14 8l-4 8',
  at: 'M16 8v5.500a2.5 2.5 0 0 0 5 0V12a9 9 0 1 0-3.5 7.100M16 12a4 4 0 1 1-8 0 4 4 0 0 1 8 0z',
  thread: 'M4 5h16v11H9l-5 4zM8 9h8M8 12h5',
  eye: 'M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12zM12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6z',
  dots: 'M12 5.500v.01M12 12v.01M12 18.500v.01',
  calendar: 'M4 6h16v14H4zM4 10h16M8 3v4M16 3v4',
  check: 'M5 12.5 10 17.5 19 7',
  info: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 11v5M12 8v.01',
  warning: 'M12 4 2.5 20h19zM12 10v4.500M12 17.300v.01',
  error: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 7.500v5.500M12 16.300v.01',
  people:
    'M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2.5 20c0-4 3-6 6.5-6s6.5 2 6.5 6M16 4.500a3.5 3.5 0 0 1 0 6.500M17.5 14.500c2.5.8 4 2.7 4 5.5',
  circle: 'M12 20a8 8 0 1 0 0-16 8 8 0 0 0 0 16z',
  spinner: 'M12 4a8 8 0 1 1-8 8',
  file: 'M6 3h8l4 4v14H6zM14 3v4h4M9 12h6M9 16h6',
  link: 'M10 14a4 4 0 0 0 6 .5l3-3a4 4 0 0 0-6-6l-1 1M14 10a4 4 0 0 0-6-.5l-3 3a4 4 0 0 0 6 6l1-1',
} as const

export type IconName = keyof typeof PATHS

/** A line icon in the colour of the text around it; silent to screen readers. */
export function Icon({ name, size = 18 }: { name: IconName; size?: number }) {
  return (
    <svg
      className={`icon icon-${name}`}
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth={name === 'dots' ? 3 : 1.8}
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      <path d={PATHS[name]} />
    </svg>
  )
}
