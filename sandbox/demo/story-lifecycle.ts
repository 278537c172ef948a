import {
  answerTo,
  choose,
  fillAndCreate,
  general,
  openDialog,
  people,
  pressIn,
  said,
  submit,
  submitAndSee,
  tokenIn,
} from '../acting.ts'
import { controlsIn, findInput, messagesIn, topModal } from '../slack/look.ts'
import { eventually, lacks, reads, type Scene, type Step, same, Unexpected } from './step.ts'

const name = 'Partner Portal'

/** A key from its making to its end, as the manager, a customer's program and a plain member meet it. */
export const lifecycle: readonly Step[] = [
  { promises: 'the page and Keywarden answer', walk: everythingAnswers },
  { promises: '/keys create opens a form with name, description, scopes and expiry', walk: formOpens },
  { promises: 'what is wrong in the form is said on the field', walk: errorsStandOnFields },
  { promises: 'the same dialog shows the whole key once', walk: keyIsShown },
  { promises: 'nobody else sees it, and saved it is gone', walk: keyIsGone },
  { promises: 'curl with it: 200', walk: (scene) => answers(scene, 200) },
  { promises: '/keys list shows name, hint, status, last use, expiry and requests', walk: listShows },
  { promises: '/keys deactivate: the very next request gets 401', walk: deactivate },
  { promises: '/keys activate: 200 again', walk: activate },
  {
    promises: 'a plain member may not create, deactivate or revoke, and is told who can',
    walk: memberMayNot,
  },
  { promises: '/keys revoke asks for the name first', walk: revokeAsks },
  { promises: '/keys revoke: 401 for good', walk: revoke },
]

async function everythingAnswers({ demo }: Scene): Promise<void> {
  const { slack, keywarden } = demo.house
  for (const url of [slack.url, `${slack.url}/page/app.js`, `${keywarden.url}/readyz`])
    same(`status of ${url}`, (await fetch(url)).status, 200)
}

async function formOpens({ as }: Scene): Promise<void> {
  const form = await openDialog(as('manager'), 'create')
  const labels = controlsIn(form.blocks).map(({ label }) => label)
  reads(labels.join(', '), 'Name', 'Description', 'Scopes', 'Expires')
}

async function errorsStandOnFields({ as }: Scene): Promise<void> {
  const manager = as('manager')
  const form = await manager.waitFor(topModal)
  const taken = { name: 'salesforce crm', scopes: ['read'], expires: '90' }
  const refused = await submit(manager, form, taken)
  reads(JSON.stringify(refused), /"errors":\{"name":"[^"]*exists/)
  const other = await choose(manager, form, 'expires', 'other', { name, scopes: ['read'] })
  const endless = await submit(manager, other, { name, scopes: ['read'], expires: 'other', days: '1000000' })
  reads(JSON.stringify(endless), /"errors":\{"(days|expires)":"Enter a whole number of days from 1 to/)
  await manager.close(form.id)
}

async function keyIsShown({ as, tokens }: Scene): Promise<void> {
  const manager = as('manager')
  const form = await openDialog(manager, 'create')
  const shown = await fillAndCreate(manager, form, { name, description: 'Shown to partners' })
  reads(said(shown.blocks), 'Shown once', /tml_[0-9A-Za-z]{38}\b/)
  tokens.set(name, tokenIn(shown.blocks))
}

async function keyIsGone({ as, tokens }: Scene): Promise<void> {
  const token = tokens.get(name)!
  const manager = as('manager')
  for (const who of Object.keys(people) as (keyof typeof people)[]) {
    const holds = JSON.stringify(await as(who).screen()).includes(token)
    same(`${who} sees the key:`, holds, who === 'manager')
  }
  await pressIn(manager, await manager.waitFor(topModal), 'I have saved it')
  const after = await manager.waitFor((screen) => !JSON.stringify(screen).includes(token) && screen)
  reads(said(topModal(after)!.blocks), name, `${token.slice(0, 8)}...`)
  await manager.close(topModal(after)!.id)
}

async function answers({ curl }: Scene, status: number): Promise<void> {
  same('status', await curl(name), status)
}

/** Requests are counted in memory and written once a second, so the list is asked for until it knows. */
async function listShows({ as, tokens }: Scene): Promise<void> {
  const hint = `${tokens.get(name)!.slice(0, 8)}...`
  await eventually(async () => {
    const list = said(await answerTo(as('manager'), `list ${name}`))
    reads(list, name, hint, /Active/, /used /, /expires /, /\b1 request\b/)
  })
}

async function deactivate({ as, curl }: Scene): Promise<void> {
  const manager = as('manager')
  const dialog = await openDialog(manager, `deactivate ${name}`)
  const done = await submitAndSee(manager, dialog, {})
  same('status', await curl(name), 401)
  reads(said(done.blocks), 'Deactivated')
  await manager.close(done.id)
}

/** A change that loosens is not waited for: a verifier may apply it a moment later. */
async function activate(scene: Scene): Promise<void> {
  reads(said(await answerTo(scene.as('manager'), `activate "${name.toLowerCase()}"`)), 'Activated')
  await eventually(() => answers(scene, 200))
}

async function memberMayNot({ as, curl }: Scene): Promise<void> {
  const member = as('otherMember')
  for (const verb of ['create', 'deactivate', 'revoke']) {
    const { ok } = await member.command({ channel: general, text: `/keys ${verb} ${name}` })
    same(`acknowledgement of ${verb}`, ok, true)
    const seen = await member.waitFor((screen) => {
      const dialog = topModal(screen)
      const words = dialog ? said(dialog.blocks) : messagesIn(screen, general).map(said).join('\n')
      return words.includes(`Only managers and owners ${verb} keys.`) && { words, dialog }
    })
    reads(seen.words, people.owner)
    if (seen.dialog?.submit) throw new Unexpected('no way to submit', `a button "${seen.dialog.submit}"`)
    if (seen.dialog) await member.close(seen.dialog.id)
  }
  same('status', await curl(name), 200)
}

async function revokeAsks({ as, curl, tokens }: Scene): Promise<void> {
  const manager = as('manager')
  const dialog = await openDialog(manager, `revoke ${name}`)
  if (!findInput(dialog.blocks, /name/i)) throw new Unexpected('a field for the name', said(dialog.blocks))
  const refused = await submit(manager, dialog, { confirm: name.slice(0, -1) })
  reads(JSON.stringify(refused), `does not match ${name}`, tokens.get(name)!.slice(4, 8))
  same('status', await curl(name), 200)
}

async function revoke({ as, curl, tokens }: Scene): Promise<void> {
  const manager = as('manager')
  const dialog = await manager.waitFor(topModal)
  const done = await submitAndSee(manager, dialog, { confirm: name })
  same('status', await curl(name), 401)
  reads(said(done.blocks), 'Revoked')
  await manager.close(done.id)
  reads(said(await answerTo(manager, `activate ${name}`)), /revoked/)
  same('status', await curl(name), 401)
  lacks("the manager's screen", JSON.stringify(await manager.screen()), tokens.get(name)!)
}
