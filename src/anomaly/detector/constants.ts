/**
 * Every number the detector has an opinion about, for all keys alike. Ratios are natural logarithms of "how many
 * times", so that they add. Chosen on simulated seeds 1 to 40 and the fifteen series in bench/anomaly/nab.
 */

/** One step of the detector. */
export const bucketSeconds = 300
export const hourBuckets = 12
export const dayBuckets = 288

/** Days of records: five weeks, so that a monthly job has been seen once. */
export const recordDays = 35

/** Days of single hours: two weeks hold every hour of the week twice. More days cost 48 bytes each and found no more. */
export const hourDays = 15

/** Requests added to both sides of a ratio: a handful more than nothing is no news. */
export const fewInBucket = 10
export const fewInHour = 12
export const fewInWindow = 40

/** Strange, but without an alert: a score just below the threshold. */
export const almost = 0.99

/** Tails of bursts are heavy: on a key of bursts a level alerts when it is this many times as strange as elsewhere. */
export const burstLevels = 1.5

/** New activity is news when it is this many times as strange: sources show leaks that look like a long burst. */
export const activityLevel = 1.15

/** The least that is worth a message, however even the key: 1.8 times the busiest bucket or hour. */
export const spikeAtLeast = Math.log(1.8)
export const unusualAtLeast = Math.log(1.8)

/** Windows of the slow burn in hours. Half as much again for a day is what a new version of a client may ask. */
export const slowWindows = [6, 12, 24] as const
export const slowAtLeast = [Math.log(1.6), Math.log(1.55), Math.log(1.55)] as const

/** A slow burn is compared with days before it began: those at least this many days ago. */
export const slowAge = 3

/** Spreads above the record: even keys need one; mostly quiet ones have heavy tails and need many. */
export const spikeSpreads = 1
export const unusualSpreads = { even: 1, quiet: 4 } as const
export const slowSpreads = { even: 1, quiet: 8 } as const

/** In its first days a key has no habits: margins start this much wider. */
export const youngDays = 10
export const youngFactor = 6.5
/** Excesses of a key's first days are no record yet. */
export const learningDays = 4
export const fewRecords = 3
export const enoughRecords = 14

/** Days before each reason may speak, a fall not before the first weekend is over; `quiet`: the days in which nobody knows when a key's bursts come. */
export const ready = { spike: 1, unusual: 4, slow: 7, activity: 7, silence: 2, fall: 8, quiet: 14 } as const

/** A key is mostly quiet when its bursts fill less than this share of its buckets ... */
export const quietShare = 0.15
/** ... and stand out this many times from what is between them. */
export const standsOut = 8

/** A bucket belongs to a burst above the quiet level by this many Poisson deviations. */
export const burstDeviations = 4
/** Buckets without activity that end a burst. */
export const burstGap = 2
/** A burst teaches and is judged from this length on, against at least this many others. */
export const burstTeaches = 3
export const burstJudged = 6
export const burstsKnown = 8
/** Margins of five minutes and hours where bursts stand out: this many bursts' worth wider. */
export const burstsWider = 30
/** A burst that a key has by chance once in two and a half years (in weeks, as a logarithm) ... */
export const burstSurprise = 4.9
/** ... where a size that is not usual counts less than a length: work grows and shrinks, but ends. */
export const burstSizeCounts = 0.75
/** Memory of burst statistics, in bursts, and how many bursts the first guesses are worth: half an hour, give or take. */
export const burstMemory = 60
export const burstGuess = {
  length: Math.log(6),
  lengthVariance: 0.49,
  lengths: 40,
  sizeVariance: 0.4,
  sizes: 4,
} as const

/** The run of unquiet buckets: alert at this many times the longest known, plus these. */
export const runTimes = 3
export const runMore = 5
/** Requests above the quiet level that a run is asked for, and the record above which a key is simply always busy. */
export const runLift = 3
export const runAlways = 100
/** Days of which the quiet level is the median. */
export const quietDays = 10

/** Errors: half-life of the ordinary share in busy buckets (three days), what is added to it, evidence wanted (nats). */
export const errorMemory = 864
export const errorLift = 0.15
export const errorEvidence = 14

/** Silence: requests that should have come by now, and times the longest silence known. */
export const silenceMissing = 20
export const silenceTimes = 1.35
export const silenceMore = 2
/** A fall: a quarter of an hour with this many times less than it ever had. A holiday may have two times less. */
export const fallBuckets = 3
export const fallAtLeast = Math.log(2.5)

/** A key that is silent is not more silent after another hour. */
export const maxSilenceScore = 2

/**
 * An excess above the busiest hour by less than `batchHighest` may be a batch job: it is held this many buckets, and some
 * more while only the hour shows it, which began to show it later.
 */
export const batchLowest = 1.6
export const batchHighest = 2.4
export const batchBuckets = 24
export const batchMore = 3
/** After it ends, what it leaves in windows is muted for two hours. */
export const batchEcho = 24
/** In the six-hour window of the slow burn it is for six hours. */
export const slowEcho = 72

/** Days back at which the same busy hour makes this one ordinary: weeks, and months of 30 and 31 days. */
export const recurs = [7, 14, 21, 28, 30, 31] as const
export const recursShare = 0.7
export const recursWithin = 30

/** After an alert: quiet in buckets for the same reason (72 h) and for any (24 h), unless so many times worse. */
export const quietSame = 864
export const quietAny = 288
export const worse = 1.5
/** An outage is over when nothing was strange for half a day. */
export const quietOutage = 144
