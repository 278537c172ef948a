import type { World } from '../foundation/world.ts'
import { advanceRotations } from './advance.ts'
import type { RotationBoard } from './board.ts'
import { carryOutCampaigns } from './campaign.ts'
import { confirmRotations } from './confirm.ts'
import { updateTrackers } from './update-trackers.ts'

/**
 * Everything that rotations wait for, as far as it can get now: campaigns begin, verifiers confirm, phases move, people
 * hear of it. Each step is a transaction that the next one reads on from, so a process that dies loses time and nothing
 * else.
 * @param withinMs real milliseconds to wait for verifiers at most
 */
export async function workOnRotations(
  world: World,
  board: RotationBoard | undefined,
  { withinMs = 20_000 }: { withinMs?: number } = {},
): Promise<void> {
  await carryOutCampaigns(world)
  await advanceRotations(world)
  if (board) await updateTrackers(world, board)
  await confirmRotations(world, { withinMs })
  if (board) await updateTrackers(world, board)
}
