import { createHash } from 'node:crypto'
import { z } from 'zod'

const seq = z.number().int().positive().nullable()
const keyId = z.string().regex(/^[\w-]{1,100}$/, 'is not the id of a key')
const use = z.strictObject({
  requests: z.number().int().nonnegative(),
  firstAt: z.iso.datetime(),
  lastAt: z.iso.datetime(),
})
const steps = z.strictObject({
  request: seq,
  decision: seq,
  issued: seq,
  reveal: seq,
  end: seq,
  receipt: seq,
})
const head = z.strictObject({
  version: z.literal(1),
  workspace: z.string().regex(/^[\w-]{1,100}$/, 'is not the id of a workspace'),
  /** the population is of the keys that stood just before */
  at: z.iso.datetime(),
  seed: z.string().regex(/^[\w.-]{1,100}$/, 'is not a seed'),
  population: z.number().int().nonnegative(),
  samples: z.number().int().positive(),
})
const sample = z.strictObject({ key: keyId, steps, use: use.nullable() })
const lines = z.union([
  z.strictObject({ evidence: head }),
  z.strictObject({ population: z.array(keyId).min(1) }),
  z.strictObject({ sample }),
])

/** How a file of evidence begins: whose keys, when, how many, and the seed that its sample was drawn with. */
export type EvidenceHead = z.output<typeof head>

/** The numbers of the events that are a key's life; null where there was none. */
export type Steps = z.output<typeof steps>

/** A key of the sample. Its use is as the database counted it, which the chain does not prove. */
export type Sample = z.output<typeof sample>

/** A line of a file of evidence that is no event: its beginning, a part of the population, or a key of the sample. */
export type EvidenceLine = z.output<typeof lines>

/** An event with the contents of its text, as the steps of a life are read from it. */
export type LifeEvent = {
  seq: number
  at: string
  event: string
  keyId?: string | undefined
  details?: Record<string, unknown> | undefined
}

/** A line of evidence for a file. */
export const evidenceLine = (line: EvidenceLine): string => `${JSON.stringify(line)}\n`

/** A line of evidence out of an object; undefined when it is another line, else why it is none. */
export function readEvidenceLine(value: unknown): EvidenceLine | string | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  if (!('evidence' in value || 'population' in value || 'sample' in value)) return undefined
  const read = lines.safeParse(value)
  return read.success ? read.data : 'it is not a line of evidence as this version writes it'
}

/**
 * Draws a sample: the keys whose SHA-256 of the seed, a line end and the id comes first. So every key is as likely as any
 * other, and who has the population and the seed draws the same ones.
 */
export function drawSample(population: readonly string[], seed: string, count: number): string[] {
  const ranked = population.map((key) => ({
    key,
    rank: createHash('sha256').update(`${seed}\n${key}`).digest('hex'),
  }))
  ranked.sort((a, b) => (a.rank < b.rank ? -1 : 1))
  return ranked.slice(0, count).map(({ key }) => key)
}

/** Reads the steps of a key's life from events in their order: the last of each kind, and the first receipt of its end. */
export function stepsOf(key: string, events: readonly LifeEvent[]): Steps {
  const last = (...names: string[]) =>
    events.findLast((one) => one.keyId === key && names.includes(one.event))
  const decision = last('request.approved')
  const end = last('key.revoked', 'key.lapsed')
  const asked = decision?.details?.request
  const isRequest = (one: LifeEvent) => one.event === 'request.made' && one.details?.request === asked
  const isReceipt = (one: LifeEvent) =>
    one.event === 'key.change-confirmed' && one.seq > end!.seq && isAbout(one, key)
  return {
    request: asked === undefined ? null : (events.find(isRequest)?.seq ?? null),
    decision: decision?.seq ?? null,
    issued: last('key.issued', 'key.imported')?.seq ?? null,
    reveal: last('key.revealed')?.seq ?? null,
    end: end?.seq ?? null,
    receipt: (end && events.find(isReceipt)?.seq) ?? null,
  }
}

/** A receipt for several keys at once names them in its details. */
const isAbout = ({ keyId: about, details }: LifeEvent, key: string): boolean =>
  about === key || (Array.isArray(details?.of) && details.of.includes(key))

/** Gathers the lines of a file of evidence, and says what they contradict. */
export type EvidenceCheck = {
  /** takes a line of the population or the sample */
  add(line: EvidenceLine, at: number): void
  /** takes an event of the file, as its text stands */
  see(entry: { seq: number; body: string }): void
  /** what is wrong, each with its line: the population, who was drawn, or what is said of a key */
  end(): { line: number; damaged: string }[]
}

/** Checks that the sample is the one that the seed draws, and that each life is as the events of the file have it. */
export function checkEvidence(begins: EvidenceHead): EvidenceCheck {
  const population: string[] = []
  const samples: { line: number; sample: Sample }[] = []
  const events: LifeEvent[] = []
  const damages: { line: number; damaged: string }[] = []
  const add = (line: EvidenceLine, at: number): void => {
    if ('sample' in line) return void samples.push({ line: at, sample: line.sample })
    if ('evidence' in line) return void damages.push({ line: at, damaged: 'evidence begins here once more' })
    for (const key of line.population) {
      if (key <= (population.at(-1) ?? ''))
        damages.push({ line: at, damaged: 'the population is not in order' })
      population.push(key)
    }
  }
  const see = ({ seq: number, body }: { seq: number; body: string }): void => {
    try {
      events.push({ ...JSON.parse(body), seq: number })
    } catch {
      // The chain reports a text that cannot be read.
    }
  }
  const end = () => {
    const { seed, samples: count } = begins
    if (population.length !== begins.population)
      damages.push({ line: 1, damaged: `it counts ${begins.population} keys and names ${population.length}` })
    const drawn = drawSample(population, seed, count)
    const named = samples.map((one) => one.sample.key)
    if (drawn.join() !== named.join())
      damages.push({ line: 1, damaged: 'its sample is not the one that its seed draws' })
    events.sort((a, b) => a.seq - b.seq)
    for (const { line, sample: one } of samples) {
      const damaged = contradictionOf(one, events, begins)
      if (damaged) damages.push({ line, damaged })
    }
    return damages
  }
  return { add, see, end }
}

/** Says where a sample contradicts the events of the file; undefined when they agree. */
function contradictionOf(
  { key, steps: said }: Sample,
  events: readonly LifeEvent[],
  { at }: EvidenceHead,
): string | undefined {
  const found = stepsOf(key, events)
  const wrong = (Object.keys(found) as (keyof Steps)[]).find((step) => found[step] !== said[step])
  if (wrong) return `the events of the file do not have the ${wrong} that it names`
  const timeOf = (number: number | null) => events.find((one) => one.seq === number)?.at
  const [issued, ended] = [timeOf(found.issued), timeOf(found.end)]
  if (issued === undefined || issued >= at) return 'no event of the file says that the key was made by then'
  return ended !== undefined && ended < at ? 'the key had ended by then' : undefined
}
