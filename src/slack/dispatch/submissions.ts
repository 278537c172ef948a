import { minuteMs } from '../../foundation/time.ts'
/**
 * Tracks dialogs that were submitted and now show the result. An earlier redraw of the form, or a repeated delivery
 * of the submission, must not replace that result.
 */
export type Submissions = {
  /** records whether the dialog now shows a form that can be submitted */
  note(viewId: string, isForm: boolean): void
  isOver(viewId: string): boolean
}

/** No redraw or repeated delivery comes later than this. */
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
