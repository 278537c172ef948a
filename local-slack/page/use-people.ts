import { useCallback, useEffect, useState } from 'react'
import type { Person } from '../contract.ts'
import { api } from './api.ts'

const RETRY_MS = 1000

/** Everybody known to the workspace; `refresh` looks again. Keeps trying until there is a first answer. */
export function usePeople(): { people: Person[]; refresh: () => void } {
  const [people, setPeople] = useState<Person[]>([])
  const [attempt, setAttempt] = useState(0)
  const refresh = useCallback(() => setAttempt((was) => was + 1), [])
  useEffect(() => {
    let left = false
    let retry: ReturnType<typeof setTimeout> | undefined
    void api.people().then(
      (all) => !left && setPeople(all),
      () => {
        if (!left) retry = setTimeout(() => setAttempt(attempt + 1), RETRY_MS)
      },
    )
    return () => {
      left = true
      clearTimeout(retry)
    }
  }, [attempt])
  return { people, refresh }
}
