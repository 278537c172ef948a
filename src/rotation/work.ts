import type { World } from '../foundation/world.ts'
import { advanceRotations } from './advance.ts'
import { carryOutCampaigns } from './campaign.ts'
import { confirmRotations } from './confirm.ts'

/**
 * Everything that rotations wait for, as far as it can get now: campaigns begin, phases move, verifiers confirm;
 * messages are put into the outbox. Each step is a transaction that the next one reads on from, so a process that dies
 * loses time and nothing else.
 * @param withinMs real milliseconds to wait for verifiers at most
 */
export async function workOnRotations(
  world: World,
  { withinMs = 20_000 }: { withinMs?: number } = {},
): Promise<void> {
  await carryOutCampaigns(world)
  await advanceRotations(world)
  await confirmRotations(world, { withinMs })
}
