import type { ReactNode } from 'react'
import type { Loose } from '../values.ts'
import { ActionsView } from './actions.tsx'
import { AlertView } from './alert.tsx'
import { CardView, CarouselView } from './card.tsx'
import { ContainerView } from './container.tsx'
import { ContextView } from './context.tsx'
import { ContextActionsView } from './context-actions.tsx'
import { DataTableView } from './data-table.tsx'
import { Failure } from './failure.tsx'
import { HeaderView } from './header.tsx'
import { ImageView } from './image.tsx'
import { InputView } from './input.tsx'
import { LibraryBlock } from './library.tsx'
import { PlanView, TaskCardView } from './plan.tsx'
import { RichTextView } from './rich-text.tsx'
import { SectionView } from './section.tsx'
import { TableView } from './table.tsx'

/** Block Kit, as Slack shows it. */
export function Blocks({ blocks }: { blocks: Loose[] }) {
  return (
    <div className="blocks">
      {blocks.map((block, index) => (
        <div key={block.block_id ?? index} className={`block block-${block.type}`}>
          {view(block)}
          <Failure blockId={block.block_id ?? ''} />
        </div>
      ))}
    </div>
  )
}

function view(block: Loose): ReactNode {
  switch (block.type) {
    case 'section':
      return <SectionView block={block} />
    case 'actions':
      return <ActionsView block={block} />
    case 'input':
      return <InputView block={block} />
    case 'header':
      return <HeaderView block={block} />
    case 'divider':
      return <hr />
    case 'context':
      return <ContextView block={block} />
    case 'context_actions':
      return <ContextActionsView block={block} />
    case 'rich_text':
      return <RichTextView block={block} />
    case 'image':
      return <ImageView block={block} />
    case 'table':
      return <TableView block={block} />
    case 'data_table':
      return <DataTableView block={block} />
    case 'alert':
      return <AlertView block={block} />
    case 'card':
      return <CardView block={block} />
    case 'carousel':
      return <CarouselView block={block} />
    case 'plan':
      return <PlanView block={block} />
    case 'task_card':
      return <TaskCardView block={block} />
    case 'container':
      return <ContainerView block={block} />
    default:
      return <LibraryBlock block={block} />
  }
}
