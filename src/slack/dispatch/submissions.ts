import { minuteMs } from '../../foundation/time.ts'
/**
 * Which dialogs have been submitted and now show what came of it. A redraw of their form that was asked for before,
 * or the same submission delivered again, must not take that from the person's eyes.
 */
export type Submissions = {
  /** what the dialog shows now: a form that can be submitted, or not any more */
  note(viewId: string, isForm: boolean): void
  isOver(viewId: string): boolean
}

/** Nothing that was under way is delivered later than this. */
const rememberedMs = 10 * minuteMs

export function openSubmissions(now: () => number = Date.now): Submissions {
  const over = new Map<string, number>()
  return {
    note(viewId, isForm) {
      over.delete(viewId)
      for (const [old, since] of over) {
        if (now() - since < rememberedMs) break
        over.delete(old)
      }
      if (!isForm) over.set(viewId, now())
    },
    isOver: (viewId) => over.has(viewId),
  }
}
