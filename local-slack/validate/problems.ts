import type { z } from 'zod'
import { isFields } from '../fields.ts'

type Issue = z.core.$ZodIssue

function sentence(issue: Issue): string {
  switch (issue.code) {
    case 'too_big':
      return issue.origin === 'string'
        ? `must be less than ${Number(issue.maximum) + 1} characters`
        : issue.origin === 'array'
          ? `no more than ${issue.maximum} items allowed`
          : `must be less than or equal to ${issue.maximum}`
    case 'too_small':
      return issue.origin === 'string'
        ? `must be more than ${Number(issue.minimum) - 1} characters`
        : issue.origin === 'array'
          ? `must provide at least ${issue.minimum} items`
          : `must be greater than or equal to ${issue.minimum}`
    case 'invalid_union':
      return `unsupported type: ${isFields(issue.input) ? String(issue.input.type) : String(issue.input)}`
    case 'invalid_value':
      return `must be one of: ${issue.values.map(String).join(', ')}`
    case 'invalid_type':
      return issue.input === undefined ? 'missing required field' : `must be of type ${issue.expected}`
    case 'custom':
      return issue.message
    default:
      return issue.message
  }
}

function pointer(root: string, path: readonly PropertyKey[]): string {
  return `[json-pointer:${[root, ...path.map(String)].join('/')}]`
}

/** Slack's sentences for one problem; a missing or unknown property is reported on its parent. */
function problemsOf(issue: Issue, root: string): string[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => `invalid additional property: ${key} ${pointer(root, issue.path)}`)
  }
  const name = issue.path.at(-1)
  const isMissing = issue.code !== 'too_small' && issue.code !== 'custom' && issue.input === undefined
  if (isMissing && typeof name === 'string') {
    return [`missing required field: ${name} ${pointer(root, issue.path.slice(0, -1))}`]
  }
  return [`${sentence(issue)} ${pointer(root, issue.path)}`]
}

/** Problems of `value` under `schema`, as `sentence [json-pointer:/root/...]`; none when it is valid. */
export function problems(schema: z.ZodType, value: unknown, root: string): string[] {
  const result = schema.safeParse(value, { reportInput: true })
  return result.success ? [] : result.error.issues.flatMap((issue) => problemsOf(issue, root))
}
