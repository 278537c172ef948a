import { controlsOf } from './controls.ts'
import { type Fields, listAt, stringAt } from './fields.ts'
import { fileProblems } from './files.ts'
import { newId, newViewHash } from './ids.ts'
import { carriedOver, presets, stateValues } from './inputs.ts'
import { invalid, Refusal } from './refusal.ts'
import { changed, type StoredView, type World } from './state.ts'

const deepest = 3

export function blocksOf(view: StoredView): Fields[] {
  return listAt(view.fields, 'blocks')
}

export function stackOf(world: World, user: string): StoredView[] {
  return world.modals.get(user) ?? []
}

function everyView(world: World): StoredView[] {
  return [...[...world.modals.values()].flat(), ...world.homes.values()]
}

/** An open view by id or external id. Refuses: not_found. */
export function findView(world: World, by: { id?: string; externalId?: string }): StoredView {
  const found = everyView(world).find((view) =>
    by.id === undefined ? stringAt(view.fields, 'external_id') === by.externalId : view.id === by.id,
  )
  if (!found || (by.id ?? by.externalId) === undefined) throw new Refusal('not_found')
  return found
}

/** Refuses what only the workspace can know of a view: duplicate_external_id, invalid_arguments for pictures. */
function checkView(world: World, fields: Fields, except?: StoredView): void {
  const pictures = fileProblems(world, listAt(fields, 'blocks'), '/view/blocks')
  if (pictures.length > 0) throw invalid('invalid_arguments', pictures)
  const id = stringAt(fields, 'external_id')
  const other = everyView(world).find(
    (view) => view !== except && stringAt(view.fields, 'external_id') === id,
  )
  if (id !== undefined && other) throw new Refusal('duplicate_external_id')
}

function created(user: string, fields: Fields, below?: StoredView): StoredView {
  const id = newId('V')
  return {
    id,
    type: fields.type === 'home' ? 'home' : 'modal',
    user,
    fields,
    values: presets(listAt(fields, 'blocks')),
    errors: {},
    hash: newViewHash(),
    rootId: below?.rootId ?? id,
    previousId: below?.id ?? null,
  }
}

/** Opens a modal for a person in place of any that is open. */
export function openView(world: World, user: string, fields: Fields): StoredView {
  checkView(world, fields)
  const view = created(user, fields)
  world.modals.set(user, [view])
  changed(world)
  return view
}

/** Puts a modal on top of the open one. Refuses: not_found, push_limit_reached. */
export function pushView(world: World, user: string, fields: Fields): StoredView {
  const stack = stackOf(world, user)
  const top = stack.at(-1)
  if (!top) throw new Refusal('not_found')
  if (stack.length >= deepest) throw new Refusal('push_limit_reached')
  checkView(world, fields)
  const view = created(user, fields, top)
  world.modals.set(user, [...stack, view])
  changed(world)
  return view
}

/** Changes an open view; what was typed stays where the input is the same. Refuses: hash_conflict. */
export function updateView(world: World, view: StoredView, fields: Fields, hash?: string): StoredView {
  if (hash !== undefined && hash !== view.hash) throw new Refusal('hash_conflict')
  checkView(world, fields, view)
  view.values = carriedOver(blocksOf(view), view.values, listAt(fields, 'blocks'))
  view.fields = fields
  view.errors = {}
  view.hash = newViewHash()
  changed(world)
  return view
}

/** Publishes a person's App Home. Refuses: hash_conflict. */
export function publishHome(world: World, user: string, fields: Fields, hash?: string): StoredView {
  const known = world.homes.get(user)
  if (known) return updateView(world, known, fields, hash)
  checkView(world, fields)
  const view = created(user, fields)
  world.homes.set(user, view)
  changed(world)
  return view
}

/** A view as replies of views.* and payloads carry it, whole. */
export function viewObject(world: World, view: StoredView): Fields {
  const { fields } = view
  return {
    id: view.id,
    team_id: world.team.id,
    type: view.type,
    blocks: blocksOf(view),
    private_metadata: fields.private_metadata ?? '',
    callback_id: fields.callback_id ?? '',
    state: { values: stateValues(blocksOf(view), view.values) },
    hash: view.hash,
    title: fields.title ?? null,
    clear_on_close: fields.clear_on_close === true,
    notify_on_close: fields.notify_on_close === true,
    close: fields.close ?? null,
    submit: fields.submit ?? null,
    previous_view_id: view.previousId,
    root_view_id: view.rootId,
    app_id: world.app.id,
    external_id: fields.external_id ?? '',
    app_installed_team_id: world.team.id,
    bot_id: world.app.botId,
  }
}

/** The input blocks' ids of a view. */
export function inputBlockIds(view: StoredView): Set<string> {
  return new Set(
    controlsOf(blocksOf(view))
      .filter((one) => one.block.type === 'input')
      .map((one) => one.blockId),
  )
}
