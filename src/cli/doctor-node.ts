import { type Finding, good, warning } from './finding.ts'

const supported = [22, 24]

/** Whether this version of Node ("22.1.0") is one that Keywarden is tested with. An old one works, with a warning. */
export function checkNode(version: string): Finding {
  const major = Number.parseInt(version, 10)
  if (supported.includes(major)) return good(`version ${version}`)
  return major < supported[0]!
    ? warning(`version ${version} is past its end of life; it still works, but install Node.js 22 or 24`)
    : warning(`version ${version} is not one that Keywarden is tested with; install Node.js 22 or 24`)
}
