import { useCallback, useEffect, useState } from 'react'

/** Where the reader is; the address bar carries it, so that any place can be opened directly. */
export type Location = { as?: string; channel?: string; tab?: 'home' | 'messages'; thread?: string }

export function useLocation(): [Location, (change: Partial<Location>) => void] {
  const [location, setLocation] = useState(read)
  useEffect(() => {
    const follow = () => setLocation(read())
    window.addEventListener('popstate', follow)
    return () => window.removeEventListener('popstate', follow)
  }, [])
  const go = useCallback((change: Partial<Location>) => {
    const next = { ...read(), ...change }
    window.history.pushState(null, '', write(next))
    setLocation(next)
  }, [])
  return [location, go]
}

function read(): Location {
  const query = new URLSearchParams(window.location.search)
  const tab = query.get('tab')
  return {
    as: query.get('as') ?? undefined,
    channel: query.get('channel') ?? undefined,
    thread: query.get('thread') ?? undefined,
    ...((tab === 'home' || tab === 'messages') && { tab }),
  }
}

function write(location: Location): string {
  const query = new URLSearchParams(
    Object.entries(location).filter(([, value]) => value) as [string, string][],
  )
  return `${window.location.pathname}?${query}`
}
