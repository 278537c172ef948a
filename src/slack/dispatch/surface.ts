import type { ModalView } from '@slack/types'
import { notice } from '../blocks.ts'
import { errorName } from '../channels.ts'
import type { BotContext, Interaction } from '../interaction.ts'
import { loading } from './admit.ts'
import type { Submissions } from './submissions.ts'

/** Where an answer goes. Without `say` there is no dialog, and a message has to carry what is said. */
export type Surface = { show: Interaction['show']; say?: Interaction['say'] }

/**
 * Opens a loading dialog at once, since a trigger lives three seconds, and returns the way to fill it. Without a
 * title nothing is opened until the first `show`.
 */
export function opener(bot: BotContext, trigger: string, title?: string): Surface {
  let opened: Promise<string> | undefined
  const open = (view: ModalView) => {
    opened = bot.web.views.open({ trigger_id: trigger, view }).then((answer) => answer.view!.id!)
    return opened
  }
  // Whoever fills the dialog meets the error; until then it must not count as unhandled.
  if (title) open(loading(title)).catch(() => undefined)
  async function show(view: ModalView) {
    if (opened) await bot.web.views.update({ view_id: await opened, view })
    else await open(view)
  }
  return title ? { show, say: sayIn(show, title) } : { show }
}

/** A dialog that is open already. */
export function openViewSurface(
  bot: BotContext,
  submissions: Submissions,
  viewId: string,
  title: string,
): Required<Surface> {
  async function show(view: ModalView) {
    submissions.note(viewId, view.submit !== undefined)
    await bot.web.views.update({ view_id: viewId, view })
  }
  return { show, say: sayIn(show, title) }
}

/**
 * A form that is drawn again after a choice. When it was submitted meanwhile, what it shows now stays. When another
 * redraw was quicker, the later one knows more.
 */
export function redrawn(
  bot: BotContext,
  submissions: Submissions,
  seen: { id: string; hash: string },
  title: string,
): Required<Surface> {
  async function show(view: ModalView) {
    if (submissions.isOver(seen.id)) return
    try {
      await bot.web.views.update({ view_id: seen.id, hash: seen.hash, view })
    } catch (error) {
      if (errorName(error) !== 'hash_conflict') throw error
      if (!submissions.isOver(seen.id)) await bot.web.views.update({ view_id: seen.id, view })
    }
  }
  return { show, say: sayIn(show, title) }
}

/** Says it in a dialog of its own: for Home, where nothing else would be seen. */
export const sayIn =
  (show: Interaction['show'], title: string): Interaction['say'] =>
  (message) =>
    show(notice(title, message.blocks))
