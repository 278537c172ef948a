import { Icon, type IconName } from '../icons.tsx'
import { Link } from '../text.tsx'
import type { Loose } from '../values.ts'
import { RichTextView } from './rich-text.tsx'

const STATES: Record<string, { word: string; icon: IconName }> = {
  pending: { word: 'Waiting', icon: 'circle' },
  in_progress: { word: 'In progress', icon: 'spinner' },
  complete: { word: 'Done', icon: 'check' },
  error: { word: 'Failed', icon: 'error' },
}

/** Tasks that belong together, and how many of them are done. */
export function PlanView({ block }: { block: Loose }) {
  const tasks = (block.tasks as Loose[] | undefined) ?? []
  const done = tasks.filter((task) => task.status === 'complete').length
  return (
    <section className="plan" aria-label={String(block.title)}>
      <p className="plan-title" dir="auto">
        <strong>{String(block.title)}</strong>
        {tasks.length > 0 && (
          <span>
            {done} of {tasks.length} done
          </span>
        )}
      </p>
      <ul>
        {tasks.map((task, index) => (
          <li key={String(task.task_id ?? index)}>
            <Task task={task} />
          </li>
        ))}
      </ul>
    </section>
  )
}

export function TaskCardView({ block }: { block: Loose }) {
  return (
    <section className="plan" aria-label={String(block.title)}>
      <Task task={block} />
    </section>
  )
}

function Task({ task }: { task: Loose }) {
  const status = String(task.status ?? 'pending')
  const { word, icon } = STATES[status] ?? STATES.pending!
  const sources = (task.sources as { url: string; text: string }[] | undefined) ?? []
  return (
    <div className={`task task-${status}`}>
      <Icon name={icon} />
      <div>
        <p className="task-title">
          <bdi>{String(task.title)}</bdi> <span className="task-state">{word}</span>
        </p>
        {Boolean(task.details) && <RichTextView block={task.details as Loose} />}
        {Boolean(task.output) && <RichTextView block={task.output as Loose} />}
        {sources.map(({ url, text }) => (
          <Link key={url} url={url}>
            {text}
          </Link>
        ))}
      </div>
    </div>
  )
}
