import { type Fields, stringAt } from '../fields.ts'
import { findPerson } from '../people.ts'
import { invalid, Refusal } from '../refusal.ts'
import { exchangeTrigger, triggerUser } from '../triggers.ts'
import { validView } from '../validate/view.ts'
import { findView, openView, publishHome, pushView, updateView, viewObject } from '../views.ts'
import type { Method } from './method.ts'

function triggerOf(args: Fields): string | undefined {
  return stringAt(args, 'trigger_id') ?? stringAt(args, 'interactivity_pointer')
}

export const views: Record<string, Method> = {
  'views.open': {
    scopes: [],
    run({ world, triggers }, args) {
      const user = triggerUser(triggers, triggerOf(args))
      const fields = validView(args.view, 'modal')
      const view = openView(world, user, fields)
      exchangeTrigger(triggers, triggerOf(args))
      return { view: viewObject(world, view) }
    },
  },
  'views.push': {
    scopes: [],
    run({ world, triggers }, args) {
      const user = triggerUser(triggers, triggerOf(args))
      const fields = validView(args.view, 'modal')
      const view = pushView(world, user, fields)
      exchangeTrigger(triggers, triggerOf(args))
      return { view: viewObject(world, view) }
    },
  },
  'views.update': {
    scopes: [],
    run({ world }, args) {
      const id = stringAt(args, 'view_id')
      const externalId = stringAt(args, 'external_id')
      if (id === undefined && externalId === undefined) {
        throw invalid('invalid_arguments', ['missing required field: view_id [json-pointer:/view_id]'])
      }
      const known = findView(world, { id, externalId })
      const fields = validView(args.view, known.type)
      const view = updateView(world, known, fields, stringAt(args, 'hash'))
      return { view: viewObject(world, view) }
    },
  },
  'views.publish': {
    scopes: [],
    run({ world, manifest }, args) {
      if (!manifest.hasHome) throw new Refusal('not_enabled')
      const person = findPerson(world, stringAt(args, 'user_id'))
      const fields = validView(args.view, 'home')
      const view = publishHome(world, person.id, fields, stringAt(args, 'hash'))
      return { view: viewObject(world, view) }
    },
  },
}
