import type { Loose } from '../values.ts'
import { RichTextView } from './rich-text.tsx'

type Column = { align?: 'left' | 'center' | 'right'; is_wrapped?: boolean }

/** A table whose first row is its head. */
export function TableView({ block }: { block: Loose }) {
  const [head = [], ...rows] = block.rows as Loose[][]
  const columns = (block.column_settings as Column[] | undefined) ?? []
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a wide table scrolls, and must do so from the keyboard
    <section className="table-scroll" aria-label="Table" tabIndex={0}>
      <table>
        <thead>
          <Row cells={head} columns={columns} head />
        </thead>
        <tbody>
          {rows.map((cells, index) => (
            <Row key={index} cells={cells} columns={columns} />
          ))}
        </tbody>
      </table>
    </section>
  )
}

export function Row({ cells, columns, head }: { cells: Loose[]; columns: Column[]; head?: boolean }) {
  return (
    <tr>
      {cells.map((cell, index) => {
        const { align = 'left', is_wrapped = false } = columns[index] ?? {}
        const props = { style: { textAlign: align }, className: is_wrapped ? 'wrapped' : undefined }
        return head ? (
          <th key={index} scope="col" {...props}>
            {cellContent(cell)}
          </th>
        ) : (
          <td key={index} {...props}>
            {cellContent(cell)}
          </td>
        )
      })}
    </tr>
  )
}

function cellContent(cell: Loose) {
  return cell.type === 'rich_text' ? <RichTextView block={cell} /> : String(cell.text ?? cell.value ?? '')
}
