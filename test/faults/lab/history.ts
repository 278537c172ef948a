/** One verification as its caller saw it, on the one clock of the laboratory. */
export type Verified = { keyId: string; verifier: string; startMs: number; endMs: number; verdict: string }

/** All that happened, and what of it breaks the promise. */
export class History {
  readonly verifies: Verified[] = []
  readonly confirmedAtMs = new Map<string, number>()

  /** A confirmation is binding from the moment at which somebody could know it. */
  confirm(keyIds: readonly string[], atMs: number): void {
    for (const keyId of keyIds)
      this.confirmedAtMs.set(keyId, Math.min(atMs, this.confirmedAtMs.get(keyId) ?? atMs))
  }

  /** Verifies that began after the confirmation of their key's revocation and were let through. */
  violations(): Verified[] {
    return this.verifies.filter(
      ({ keyId, startMs, verdict }) =>
        verdict === 'VALID' && startMs > (this.confirmedAtMs.get(keyId) ?? Number.POSITIVE_INFINITY),
    )
  }

  summary() {
    const verdicts: Record<string, number> = {}
    for (const { verdict } of this.verifies) verdicts[verdict] = (verdicts[verdict] ?? 0) + 1
    const after = this.verifies.filter(
      ({ keyId, startMs }) => startMs > (this.confirmedAtMs.get(keyId) ?? Number.POSITIVE_INFINITY),
    )
    return {
      revoked: this.confirmedAtMs.size,
      verifies: this.verifies.length,
      afterConfirmation: after.length,
      verdicts,
      violations: this.violations().length,
    }
  }
}
