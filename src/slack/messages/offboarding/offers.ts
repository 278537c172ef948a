import { say } from '../../../foundation/words.ts'
import type { OffboardingContent } from '../../../offboarding/source.ts'
import { actions, button, type Message, message } from '../../blocks.ts'
import { sentenceBlock } from '../../phrase.ts'
import { ref } from '../../ref.ts'

const maxOffers = 10

/** The keys that wait for a new owner to reveal them. */
export function handoverMessage({
  leaver,
  offers,
}: Pick<OffboardingContent & { about: 'handover-offer' }, 'leaver' | 'offers'>): Message {
  const rows = offers.slice(0, maxOffers).flatMap(({ keyId, workspaceId, name, scopes }) => [
    sentenceBlock(say`${{ name }} · ${scopes.join(', ')}`),
    actions(
      button('Reveal key', `key.reveal.${keyId}`, ref(workspaceId, keyId), {
        label: `Reveal ${name}`,
      }),
    ),
  ])
  const more = offers.length - maxOffers
  return message(
    say`${{ user: leaver }} leaves, and you take over. These keys wait for you to reveal them, for 7 days.`,
    ...rows,
    ...(more > 0 ? [sentenceBlock(say`And ${more} more: ${{ code: '/keys list mine' }}.`)] : []),
  )
}
