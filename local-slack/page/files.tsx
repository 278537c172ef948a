import type { Message } from '../contract.ts'
import { Icon } from './icons.tsx'

/** The files of a message: pictures are shown, anything else can be downloaded. */
export function Files({ files }: { files: NonNullable<Message['files']> }) {
  return files.map((file) =>
    /\.(png|jpe?g|gif|svg)$/i.test(file.name) ? (
      <figure key={file.id} className="image">
        <figcaption>{file.title || file.name}</figcaption>
        <img className="picture" src={`/files/${file.id}`} alt={file.title || file.name} />
      </figure>
    ) : (
      <a key={file.id} className="file" href={`/files/${file.id}`} download={file.name}>
        <Icon name="file" size={28} />
        <span>
          <strong>{file.title || file.name}</strong>
          <small>{file.title && file.title !== file.name ? file.name : 'Download'}</small>
        </span>
      </a>
    ),
  )
}
