import { setTimeout as pause } from 'node:timers/promises'
import type { ModalView } from '@slack/types'
import { errorName } from '../../foundation/slack.ts'
import { notice } from '../blocks.ts'
import type { BotContext, Interaction } from '../interaction.ts'
import type { Opening } from '../routes.ts'
import { loading } from './admit.ts'
import type { Submissions } from './submissions.ts'

/** Where an answer goes. Without `say` there is no dialog, so a message must carry the answer. */
export type Surface = { show: Interaction['show']; say?: Interaction['say'] }

/** Real milliseconds in which an answer is mostly there: it then opens its dialog itself, in one call instead of two. */
const loadingAfterMs = 150

/**
 * Opens a loading dialog, since a trigger lives three seconds, and returns how to fill it. Without a title
 * nothing opens until the first `show`. A dialog for a secret is open before the secret is made.
 */
export function opener(bot: BotContext, trigger: string, { opens: title, showsSecret }: Opening): Surface {
  let opened: Promise<string> | undefined
  const open = (view: ModalView) => {
    opened = bot.web.views.open({ trigger_id: trigger, view }).then((answer) => answer.view!.id!)
    return opened
  }
  // `show` reports this error; until then it must not count as unhandled.
  const load = (words: string) => void open(loading(words)).catch(() => undefined)
  if (title && showsSecret) load(title)
  const late = title && !showsSecret ? setTimeout(load, loadingAfterMs, title) : undefined
  async function show(view: ModalView) {
    clearTimeout(late)
    if (opened) await bot.web.views.update({ view_id: await opened, view })
    else await open(view)
  }
  return title ? { show, say: sayIn(show, title) } : { show }
}

/** The hash that a dialog had before an acknowledgement that changes it, until Slack is known to have taken that. */
export type Acknowledged = { hash?: string | undefined }

/** Real milliseconds between two updates before the acknowledgement has come, for which Slack waits three seconds. */
const updateEveryMs = 100
const maxUpdates = 30

/** A dialog that is already open. */
export function openViewSurface(
  bot: BotContext,
  submissions: Submissions,
  viewId: string,
  title: string,
  acknowledged: Acknowledged = {},
): Required<Surface> {
  /**
   * An acknowledgement may reach Slack after what is shown next, which takes another connection, and would hide it. Until
   * Slack has taken it the dialog keeps the hash that it had, and what is shown is shown again.
   */
  async function overtaken(view: ModalView) {
    for (let updates = 0; acknowledged.hash !== undefined && updates < maxUpdates; updates++)
      try {
        const shown = await bot.web.views.update({ view_id: viewId, hash: acknowledged.hash, view })
        acknowledged.hash = shown.view?.hash
        await pause(updateEveryMs)
      } catch (error) {
        if (errorName(error) !== 'hash_conflict') throw error
        acknowledged.hash = undefined
      }
    acknowledged.hash = undefined
  }
  async function show(view: ModalView) {
    submissions.note(viewId, view.submit !== undefined)
    await overtaken(view)
    await bot.web.views.update({ view_id: viewId, view })
  }
  return { show, say: sayIn(show, title) }
}

/**
 * A form that is redrawn after a choice. If it was submitted meanwhile, the result stays. If another redraw came
 * first, this later one overwrites it.
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

/** Answers in a dialog of its own, since Home shows no messages. */
export const sayIn =
  (show: Interaction['show'], title: string): Interaction['say'] =>
  (message) =>
    show(notice(title, message.blocks))
