import { useState } from 'react'

const kept = new Map<string, string>()

/** Text being written, kept by place while the reader looks elsewhere. */
export function useDraft(place: string): [string, (text: string) => void] {
  const [draft, setDraft] = useState({ place, text: kept.get(place) ?? '' })
  const text = draft.place === place ? draft.text : (kept.get(place) ?? '')
  return [
    text,
    (next) => {
      kept.set(place, next)
      setDraft({ place, text: next })
    },
  ]
}
