import { useState } from 'react'
import type { Channel, Message, Person } from '../contract.ts'
import { api } from './api.ts'
import { commandFailure, explain } from './explain.ts'
import { encodeTyped } from './typed-text.ts'
import { useWorkspace } from './workspace.tsx'

/** Sends what was typed. Slackbot's answer to it is kept beside the channel's messages. */
export function useSending(me: Person, channel: Channel, now: number) {
  const { people, channels } = useWorkspace()
  const [notes, setNotes] = useState<Message[]>([])
  const note = (text: string, threadTs?: string) =>
    setNotes((all) => [...all, slackbotNote(channel.id, text, now, all.length, threadTs)])

  /** Resolves to whether the text is gone from the sender's hands; if not, it belongs back in the composer. */
  const send = async (text: string, threadTs?: string): Promise<boolean> => {
    const command = text.startsWith('/')
    if (command && threadTs) {
      note(`${text.split(/\s/, 1)[0]} is not supported in threads. Sorry!`, threadTs)
      return true
    }
    const encoded = encodeTyped(text, people, channels, command)
    const delivered = command
      ? await api.command(me.id, { channel: channel.id, text: encoded })
      : await api.say(me.id, { channel: channel.id, text: encoded, ...(threadTs && { threadTs }) })
    if (delivered.ok) return true
    note(command ? commandFailure(text, delivered.error) : explain(delivered.error), threadTs)
    return command
  }
  return { notes, send }
}

function slackbotNote(channel: string, text: string, now: number, count: number, threadTs?: string): Message {
  return {
    channel,
    ts: `${now / 1000 + 0.000001 * count}`,
    user: 'USLACKBOT',
    username: 'Slackbot',
    text,
    blocks: [],
    ...(threadTs && { threadTs }),
    replies: 0,
    ephemeral: true,
    edited: false,
  }
}
