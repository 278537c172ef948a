import { explain } from '../explain.ts'
import { useSurface } from '../surface.tsx'

/** Said under the block whose control could not reach the app. */
export function Failure({ blockId }: { blockId: string }) {
  const { failure } = useSurface()
  if (failure?.blockId !== blockId) return null
  return (
    <p className="failure" role="alert">
      {explain(failure.error)}
    </p>
  )
}
