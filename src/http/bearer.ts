/** The secret of `Authorization: Bearer SECRET`, or undefined. */
export function bearer(authorization: string | undefined): string | undefined {
  if (authorization === undefined || authorization.length > 4_200) return undefined
  return /^bearer +(\S+)$/i.exec(authorization)?.[1]
}
