import { Icon, type IconName } from '../icons.tsx'
import { type TextLike, TextObject } from '../text.tsx'
import type { Loose } from '../values.ts'

const ICONS: Record<string, IconName> = { warning: 'warning', error: 'error', success: 'check' }

export function AlertView({ block }: { block: Loose }) {
  const level = typeof block.level === 'string' ? block.level : 'default'
  return (
    <div className={`alert alert-${level}`} role="note">
      <Icon name={ICONS[level] ?? 'info'} />
      <TextObject text={block.text as TextLike} />
    </div>
  )
}
