import { beginning, type Entry, hashOfDigest, hasItsHash, type LeftOut } from './chain.ts'

/** Where a chain breaks and how. `from` and `to` are sequence numbers. */
export type Break = {
  kind: 'altered' | 'removed' | 'inserted' | 'reordered' | 'truncated'
  from: number
  to: number
  line?: number
  why: string
}

/** Hashes that something outside the chain vouches for, by sequence number. */
export type Vouched = ReadonlyMap<number, { hash: string; by: string }>

/** Numbers of events, both ends included. */
export type Range = { from: number; to: number }

export type Inspection = {
  workspace: string
  events: number
  last: number
  /**
   * So many events are proven: an unbroken run of hashes leads from each to one that something outside the chain
   * vouches for. Anybody can change another one and compute its hash anew.
   */
  proven: number
  /** which are not proven, of the first of them */
  unproven: Range[]
  /** the highest event that something outside the chain vouches for, if it is as vouched */
  vouched?: { seq: number; by: string }
  breaks: Break[]
}

type Candidate = Entry & { sound: boolean; follows: boolean }
type Run = { to: number; events: number; ranges: Range[] }
type Gap = { from: number; to: number; before: string | undefined; after: string }

/** More would be noise, and would have to be kept in memory. */
const maxBreaks = 1_000
const maxUnproven = 20

/**
 * Inspects one chain, event by event in the order they stand. `partial` is for an export that leaves events out on
 * purpose: then gaps are no breaks and the end is not known. Memory grows with the breaks alone.
 */
export class ChainInspector {
  readonly #workspace: string
  readonly #vouched: Vouched
  readonly #partial: boolean
  readonly #breaks: Break[] = []
  #gaps: Gap[] = []
  #events = 0
  // Events with the same number, until the one that follows shows which of them is genuine.
  #here: Candidate[] = []
  #last: { seq: number; hash: string; doubtful: boolean } | undefined
  #matched: { seq: number; by: string } | undefined
  #contradicted = false
  // The events that are proven as soon as one that is vouched for follows without a gap.
  #run: Run | undefined
  #proven = 0
  readonly #unproven: Range[] = []

  constructor(workspace: string, vouched: Vouched, partial: boolean) {
    this.#workspace = workspace
    this.#vouched = vouched
    this.#partial = partial
  }

  /** Adds the next event. Returns false when there is no sense in going on. */
  add(entry: Entry): boolean {
    this.#events++
    const here = this.#here[0]?.seq
    const seq = here ?? this.#last?.seq
    if (seq === undefined || entry.seq > seq) {
      this.#decide(entry)
      if (!this.#partial && entry.seq > this.#expected) this.#leaveGap(entry)
      this.#here = [this.#weigh(entry)]
    } else if (entry.seq === here) this.#here.push(this.#weigh(entry))
    else this.#comeLate(entry)
    return this.#breaks.length + this.#gaps.length + this.#here.length < maxBreaks
  }

  /**
   * Adds events that a partial export leaves out. With their digests the hashes go on from the event before, so that
   * events on both sides are proven by the same checkpoint. Without that event they say nothing.
   */
  leaveOut({ seq: first, digests }: LeftOut): void {
    if (!this.#partial) return
    this.#decide()
    digests.forEach((digest, i) => {
      const seq = first + i
      const last = this.#last
      if (last?.seq !== seq - 1 || last.doubtful) return
      const hash = hashOfDigest(this.#workspace, seq, last.hash, digest)
      this.#last = { seq, hash, doubtful: false }
      if (this.#run?.to === seq - 1) this.#run.to = seq
      if (this.#compareWithVouched({ seq, hash })) this.#endRun(true)
    })
  }

  /** No more events. */
  end(): Inspection {
    this.#decide()
    for (const { from, to } of this.#gaps)
      this.#breaks.push({
        kind: 'removed',
        from,
        to,
        why: from === to ? 'it is missing' : 'they are missing',
      })
    if (!this.#partial) this.#findTruncation()
    this.#endRun()
    this.#breaks.sort((a, b) => a.from - b.from || a.to - b.to)
    return {
      workspace: this.#workspace,
      events: this.#events,
      last: this.#last?.seq ?? 0,
      proven: this.#proven,
      unproven: this.#unproven,
      ...(this.#matched ? { vouched: this.#matched } : {}),
      breaks: this.#breaks,
    }
  }

  get #expected(): number {
    return (this.#last?.seq ?? 0) + 1
  }

  #weigh(entry: Entry): Candidate {
    const sound = entry.contradiction === undefined && hasItsHash(entry)
    if (entry.seq === 1) return { ...entry, sound, follows: entry.previousHash === beginning }
    const last = this.#last
    const known = last !== undefined && entry.seq === last.seq + 1 && !last.doubtful
    return { ...entry, sound, follows: !known || entry.previousHash === last.hash }
  }

  #leaveGap(entry: Entry): void {
    const [from, to] = [this.#expected, entry.seq - 1]
    this.#gaps.push({ from, to, before: this.#last?.hash, after: entry.previousHash })
  }

  /** Decides about the events that share the current number, knowing what comes next. */
  #decide(next?: Entry): void {
    const here = this.#here
    if (here.length === 0) return
    const genuine = findGenuine(here, next)
    for (const other of here)
      if (other !== genuine)
        this.#report('inserted', other, `there are ${here.length} events with this number`)
    this.#judge(genuine)
    this.#prove(genuine, genuine.sound && this.#compareWithVouched(genuine))
    this.#last = { seq: genuine.seq, hash: genuine.hash, doubtful: !genuine.sound }
    this.#here = []
  }

  /** Every hash holds the one before, so an event that is vouched for proves the run that leads to it. */
  #prove({ seq, sound, follows }: Candidate, isVouched: boolean): void {
    if (!(this.#run?.to === seq - 1 && sound && follows)) this.#endRun()
    this.#run ??= { to: seq, events: 0, ranges: [] }
    const { ranges } = this.#run
    const range = ranges.at(-1)
    if (range?.to === seq - 1) range.to = seq
    else if (ranges.length < maxUnproven) ranges.push({ from: seq, to: seq })
    this.#run.to = seq
    this.#run.events++
    if (isVouched || !sound) this.#endRun(isVouched)
  }

  #endRun(isProven = false): void {
    if (isProven) this.#proven += this.#run?.events ?? 0
    else if (this.#run) this.#unproven.push(...this.#run.ranges.slice(0, maxUnproven - this.#unproven.length))
    this.#run = undefined
  }

  #judge(event: Candidate): void {
    if (event.contradiction) this.#report('altered', event, event.contradiction)
    else if (!event.sound) this.#report('altered', event, 'its text does not match its hash')
    else if (!event.follows && event.seq === 1)
      this.#report('altered', event, 'it is not the first of a chain')
    else if (!event.follows)
      this.#report(
        'altered',
        event,
        `event ${event.seq} follows another event ${event.seq - 1} than this one`,
        1,
      )
  }

  #comeLate(entry: Entry): void {
    const event = this.#weigh(entry)
    const gap = this.#gaps.find(({ from, to }) => from <= entry.seq && entry.seq <= to)
    if (!this.#partial && !gap) {
      this.#report('inserted', entry, 'an event with this number stands further up')
      return
    }
    this.#report('reordered', entry, 'it stands after a later event')
    if (!event.sound) this.#judge(event)
    else if (gap && !fits(event, gap)) this.#report('altered', entry, 'it does not fit to its neighbours')
    else this.#compareWithVouched(event)
    this.#gaps = this.#gaps.flatMap((other) => (other === gap ? split(other, event) : [other]))
  }

  /** Whether something outside the chain vouches for the event as it is. */
  #compareWithVouched({ seq, hash }: Pick<Candidate, 'seq' | 'hash'>): boolean {
    const witness = this.#vouched.get(seq)
    if (!witness || this.#contradicted) return false
    if (witness.hash === hash) {
      if (seq > (this.#matched?.seq ?? 0)) this.#matched = { seq, by: witness.by }
      return true
    }
    this.#contradicted = true
    const from = (this.#matched?.seq ?? 0) + 1
    const why = `${witness.by} has another hash for event ${seq}`
    this.#breaks.push({ kind: 'altered', from, to: seq, why })
    return false
  }

  /** Events that are vouched for beyond the last one have been cut off. */
  #findTruncation(): void {
    const final = this.#last?.seq ?? 0
    let [highest, by] = [final, '']
    for (const [seq, witness] of this.#vouched) if (seq > highest) [highest, by] = [seq, witness.by]
    if (highest === final) return
    const why = `the chain ends at event ${final}, and ${by} counts ${highest}`
    this.#breaks.push({ kind: 'truncated', from: final + 1, to: highest, why })
  }

  #report(kind: Break['kind'], { seq, line }: Entry, why: string, before = 0): void {
    this.#breaks.push({ kind, from: seq - before, to: seq, ...(line === undefined ? {} : { line }), why })
  }
}

/** The event among several with one number that fits to what stands before and after it. */
function findGenuine(here: Candidate[], next?: Entry): Candidate {
  const good = here.filter((event) => event.sound && event.follows)
  const chained = next && next.seq === here[0]!.seq + 1
  return (chained && good.find((event) => event.hash === next.previousHash)) || good[0] || here[0]!
}

const fits = (event: Entry, gap: Gap): boolean =>
  (event.seq !== gap.from || gap.before === undefined || event.previousHash === gap.before) &&
  (event.seq !== gap.to || event.hash === gap.after)

const split = (gap: Gap, event: Entry): Gap[] =>
  [
    { ...gap, to: event.seq - 1, after: event.previousHash },
    { ...gap, from: event.seq + 1, before: event.hash },
  ].filter(({ from, to }) => from <= to)
