import type { InputBlock } from '@slack/types'
import type { Key } from '../../../keys/key.ts'
import { input, textInput } from '../../blocks.ts'

/** The limits of a key beyond its scopes: networks and rate. Both can change at any time. */
export const restrictionInputs = (key?: Pick<Key, 'allowedNetworks' | 'limitPerMinute'>): InputBlock[] => [
  input(
    'networks',
    'Allowed networks',
    textInput({
      hintText: '203.0.113.0/24, 2001:db8::/32',
      ...(key && key.allowedNetworks.length > 0 ? { initial_value: key.allowedNetworks.join(', ') } : {}),
    }),
    { optional: true, hint: 'Addresses or networks. Leave blank to allow any.' },
  ),
  input(
    'limit',
    'Requests per minute',
    textInput(key?.limitPerMinute ? { initial_value: String(key.limitPerMinute) } : {}),
    { optional: true, hint: 'Leave blank for no limit.' },
  ),
]
