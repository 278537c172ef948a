import type { ModalView } from '@slack/types'
import { notice } from '../blocks.ts'
import type { Door, Story } from '../story.ts'
import { loading } from './admit.ts'

/** Where an answer goes. Without `say` there is no dialog, and a message has to carry what is said. */
export type Surface = { show: Story['show']; say?: Story['say'] }

/**
 * Opens a loading dialog at once, since a trigger lives three seconds, and returns the way to fill it. Without a
 * title nothing is opened until the first `show`.
 */
export function opener(door: Door, trigger: string, title?: string): Surface {
  const open = async (view: ModalView): Promise<string> => {
    const { view: opened } = await door.web.views.open({ trigger_id: trigger, view })
    return opened!.id!
  }
  if (!title) return { show: async (view) => void (await open(view)) }
  const early = open(loading(title))
  // Whoever fills the dialog meets the error; until then it must not count as unhandled.
  early.catch(() => undefined)
  const show = async (view: ModalView) => void (await door.web.views.update({ view_id: await early, view }))
  return { show, say: sayIn(show, title) }
}

/** A dialog that is open already. */
export function standing(door: Door, viewId: string, title: string): Required<Surface> {
  const show = async (view: ModalView) => void (await door.web.views.update({ view_id: viewId, view }))
  return { show, say: sayIn(show, title) }
}

const sayIn =
  (show: Story['show'], title: string): Story['say'] =>
  (message) =>
    show(notice(title, message.blocks))
