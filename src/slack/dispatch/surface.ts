import type { ModalView } from '@slack/types'
import type { Door } from '../story.ts'
import { loading } from './admit.ts'

export type Dialog = { show(view: ModalView): Promise<void> }

/**
 * Opens a loading dialog at once, since a trigger lives three seconds, and returns the way to fill it. Without a
 * title nothing is opened until the first `show`.
 */
export function opener(door: Door, from: { trigger: string; title?: string | undefined }): Dialog {
  const open = async (view: ModalView): Promise<string> => {
    const { view: opened } = await door.web.views.open({ trigger_id: from.trigger, view })
    return opened!.id!
  }
  const early = from.title ? open(loading(from.title)) : undefined
  // Whoever fills the dialog meets the error; until then it must not count as unhandled.
  early?.catch(() => undefined)
  return {
    async show(view) {
      if (!early) return void (await open(view))
      await door.web.views.update({ view_id: await early, view })
    },
  }
}

/** A dialog that is open already. */
export const standing = (door: Door, viewId: string): Dialog => ({
  async show(view) {
    await door.web.views.update({ view_id: viewId, view })
  },
})
