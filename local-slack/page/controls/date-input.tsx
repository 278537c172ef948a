import { type ControlProps, naming, useControl } from './control.tsx'

const TYPES: Record<string, string> = {
  datepicker: 'date',
  timepicker: 'time',
  datetimepicker: 'datetime-local',
}

/** The browser's own date and time fields; datetimepicker's value is seconds since 1970, as in Slack. */
export function DateInput(props: ControlProps) {
  const { value, change } = useControl(props)
  const moment = props.element.type === 'datetimepicker'
  const shown = typeof value === 'string' ? (moment ? toLocal(Number(value)) : value) : ''
  const read = (text: string) => (text === '' ? null : moment ? String(Date.parse(text) / 1000) : text)
  return (
    <input
      {...naming(props)}
      type={TYPES[props.element.type]}
      className="text-field date-field"
      value={shown}
      onChange={(event) => change(read(event.target.value))}
    />
  )
}

function toLocal(seconds: number): string {
  const zoneMs = new Date(seconds * 1000).getTimezoneOffset() * 60_000
  return new Date(seconds * 1000 - zoneMs).toISOString().slice(0, 16)
}
