import pino from 'pino'
import { scrubber } from './scrub.ts'

export type Log = pino.Logger

/**
 * Structured logs, one JSON object a line, that cannot contain a token: known fields are redacted by name, and
 * the line is scrubbed by shape as it is written.
 */
export function openLog(options: {
  level: string
  tokenPrefix: string
  destination?: { write(line: string): void }
}): Log {
  const scrub = scrubber(options.tokenPrefix)
  return pino(
    {
      level: options.level,
      base: undefined,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: {
        paths: ['token', 'authorization', '*.token', '*.authorization', '*.headers.authorization'],
        censor: '...',
      },
      hooks: { streamWrite: scrub },
    },
    options.destination ?? pino.destination({ fd: 1, sync: true }),
  )
}
