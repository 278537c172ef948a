import { useEffect, useMemo, useState } from 'react'
import type { InputValues, Screen } from '../contract.ts'
import { api } from './api.ts'
import { Blocks } from './blocks/blocks.tsx'
import { explain } from './explain.ts'
import { SurfaceProvider, useSurfaceOf } from './surface.tsx'
import type { Loose } from './values.ts'

/** The App Home tab: the app hears that it is opened, and publishes what to show. */
export function Home({ user, home }: { user: string; home: Screen['home'] }) {
  const [failure, setFailure] = useState<string>()
  useEffect(() => {
    let left = false
    void api.home(user).then((delivered) => {
      if (!left) setFailure(delivered.ok ? undefined : delivered.error)
    })
    return () => {
      left = true
    }
  }, [user])
  return (
    <section className="home" aria-label="Home">
      {failure && (
        <p className="failure" role="alert">
          {explain(failure)}
        </p>
      )}
      {home ? (
        <HomeBlocks key={home.id} user={user} home={home} />
      ) : (
        <p className="empty">The app has not published a Home for you yet.</p>
      )}
    </section>
  )
}

function HomeBlocks({ user, home }: { user: string; home: NonNullable<Screen['home']> }) {
  const [typed, setTyped] = useState<InputValues>({})
  const place = useMemo(() => ({ view: home.id }), [home.id])
  const blocks = home.blocks as unknown as Loose[]
  const surface = useSurfaceOf({ kind: 'home', user, place, blocks, typed, setTyped })
  return (
    <SurfaceProvider value={surface}>
      <Blocks blocks={blocks} />
    </SurfaceProvider>
  )
}
