import type { ModalView } from '@slack/types'
import { say } from '../../../foundation/words.ts'
import { type Scope, scopes } from '../../../keys/scope.ts'
import { type Evidence, evidences, type LeakAction, leakActions } from '../../../policy/leaked.ts'
import { versionOf } from '../../../policy/policy.ts'
import type { Workspace } from '../../../workspaces/workspace.ts'
import { form, header, input, option, select } from '../../blocks.ts'
import { ref } from '../../ref.ts'
import { backToAll, ofWorkspace } from './policy.ts'

const leakOptions: Record<LeakAction, string> = {
  notify: 'alert only',
  quarantine: 'deactivate it (can be undone)',
  rotate: 'refuse it and make a new key',
  revoke: 'revoke it for good',
}

const evidenceWords: Record<Evidence, string> = {
  person: 'Reported by a person',
  scanner: 'Reported by a scanner',
  pasted: 'Pasted in a watched channel',
}

/** The field of one of these rules. */
export const ruleField = (evidence: Evidence, scope: Scope): string => `${evidence}-${scope}`

/** The dialog of what happens to a key whose whole token was reported, by evidence and scope. */
export function leakedPolicyForm(workspace: Workspace): ModalView {
  const { policy } = workspace
  const options = leakActions.map((action) => option(leakOptions[action], action))
  return form('Leaked keys', 'Save policy', 'policy.leaked', ref(workspace.id, versionOf(policy)), [
    ofWorkspace(
      workspace,
      say`There is an alert in any case. A key with several scopes gets the strongest of theirs; a hint without the token ends nothing.`,
    ),
    ...evidences.flatMap((evidence) => [
      header(evidenceWords[evidence]),
      ...scopes.map((scope) =>
        input(
          ruleField(evidence, scope),
          `A key with ${scope}`,
          select(options, policy.leaked[evidence][scope] ?? 'notify'),
        ),
      ),
    ]),
    backToAll(workspace),
  ])
}
