import { describe, test } from 'vitest'
import { postgres15 } from '../postgres15/programs.ts'
import { schedules } from './seams/schedules.ts'
import { play } from './seams/stage.ts'

describe('of `npm run faults:seams`, those that are short:', () => {
  for (const schedule of schedules.filter(({ isShort }) => isShort))
    test(schedule.title, () => play(schedule, postgres15))
})
