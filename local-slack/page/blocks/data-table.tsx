import { useState } from 'react'
import type { Loose } from '../values.ts'
import { Row } from './table.tsx'

type Order = { column: number; down: boolean }

/** A table with a caption that the reader can sort and leaf through. */
export function DataTableView({ block }: { block: Loose }) {
  const [order, setOrder] = useState<Order>()
  const [page, setPage] = useState(0)
  const [head = [], ...rows] = block.rows as Loose[][]
  const size = Number(block.page_size ?? 5)
  const pages = Math.max(1, Math.ceil(rows.length / size))
  const shown = sorted(rows, order).slice(page * size, (page + 1) * size)
  const sortBy = (column: number) =>
    setOrder({ column, down: order?.column === column ? !order.down : false })
  return (
    <div className="data-table">
      <div className="table-scroll">
        <table>
          <caption>{String(block.caption)}</caption>
          <thead>
            <tr>
              {head.map((cell, column) => (
                <th
                  key={column}
                  scope="col"
                  aria-sort={order?.column === column ? (order.down ? 'descending' : 'ascending') : 'none'}
                >
                  <button type="button" onClick={() => sortBy(column)}>
                    {cellText(cell)}
                    <span aria-hidden="true">
                      {order?.column === column ? (order.down ? ' ↓' : ' ↑') : ''}
                    </span>
                  </button>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.map((cells, index) => (
              <Row key={index} cells={cells} columns={[]} />
            ))}
          </tbody>
        </table>
      </div>
      {pages > 1 && <Pager page={page} pages={pages} go={setPage} />}
    </div>
  )
}

function Pager({ page, pages, go }: { page: number; pages: number; go: (page: number) => void }) {
  return (
    <div className="pager">
      <button type="button" className="button small" disabled={page === 0} onClick={() => go(page - 1)}>
        Previous page
      </button>
      <span>
        {page + 1} of {pages}
      </span>
      <button
        type="button"
        className="button small"
        disabled={page === pages - 1}
        onClick={() => go(page + 1)}
      >
        Next page
      </button>
    </div>
  )
}

function sorted(rows: Loose[][], order: Order | undefined): Loose[][] {
  if (!order) return rows
  const sign = order.down ? -1 : 1
  return [...rows].sort((a, b) => sign * compare(a[order.column], b[order.column]))
}

function compare(a: Loose | undefined, b: Loose | undefined): number {
  if (a?.type === 'raw_number' && b?.type === 'raw_number') return Number(a.value) - Number(b.value)
  return cellText(a).localeCompare(cellText(b), 'en', { numeric: true })
}

function cellText(cell: Loose | undefined): string {
  if (!cell) return ''
  if (cell.elements) return (cell.elements as Loose[]).map(cellText).join('')
  return String(cell.text ?? cell.value ?? '')
}
