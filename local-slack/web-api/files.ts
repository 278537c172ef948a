import { destination, findChannel, mayPost } from '../channels.ts'
import type { Slack } from '../context.ts'
import { type Fields, isFields, numberAt, stringAt } from '../fields.ts'
import { fileObject } from '../files.ts'
import { newId } from '../ids.ts'
import { post } from '../messages.ts'
import { countCall } from '../rate-limit.ts'
import { invalid, Refusal } from '../refusal.ts'
import { changed, type StoredFile } from '../state.ts'
import { messageBlocks } from '../validate/message.ts'
import { type Method, required } from './method.ts'

function filesToComplete(slack: Slack, args: Fields): StoredFile[] {
  const given = typeof args.files === 'string' ? JSON.parse(args.files) : args.files
  if (!Array.isArray(given) || given.length === 0 || !given.every(isFields)) {
    throw invalid('invalid_arguments', ['missing required field: files [json-pointer:/files]'])
  }
  return given.map((one) => {
    const file = slack.world.files.get(String(one.id))
    if (!file?.bytes) throw new Refusal('file_not_found')
    file.title = stringAt(one, 'title') ?? file.name
    return file
  })
}

/** Shares completed files as one message in a channel or thread. */
function share(slack: Slack, args: Fields, channelId: string, files: StoredFile[]): void {
  const { world } = slack
  const channel =
    args.channel_id === undefined ? destination(world, channelId) : findChannel(world, channelId)
  mayPost(world, channel, false)
  countCall(slack.rateLimit, channel.id)
  const content = {
    text: stringAt(args, 'initial_comment') ?? '',
    blocks: messageBlocks(args.blocks, slack.refusedBlocks),
  }
  for (const file of files) file.sharedIn.add(channel.id)
  post(world, slack.clock.now(), {
    channel,
    user: world.app.botUserId,
    content,
    threadTs: stringAt(args, 'thread_ts'),
    fileIds: files.map((file) => file.id),
  })
}

export const files: Record<string, Method> = {
  'files.getUploadURLExternal': {
    scopes: ['files:write'],
    run(slack, args) {
      const name = required(args, 'filename')
      const length = numberAt(args, 'length')
      if (!length || length < 0) throw new Refusal('missing_argument')
      const id = newId('F')
      const altText = stringAt(args, 'alt_text') ?? stringAt(args, 'alt_txt')
      if ((altText?.length ?? 0) > 1000) throw new Refusal('alt_txt_too_large')
      slack.world.files.set(id, { id, name, title: name, altText, length, sharedIn: new Set() })
      return { upload_url: `${slack.url}/upload/v1/${id}`, file_id: id }
    },
  },
  'files.delete': {
    scopes: ['files:write'],
    run(slack, args) {
      const id = required(args, 'file')
      if (!slack.world.files.delete(id)) throw new Refusal('file_not_found')
      for (const messages of slack.world.messages.values())
        for (const one of messages) one.fileIds = one.fileIds.filter((file) => file !== id)
      changed(slack.world)
      return {}
    },
  },
  'files.completeUploadExternal': {
    scopes: ['files:write'],
    run(slack, args) {
      const completed = filesToComplete(slack, args)
      for (const file of completed) file.completedAtMs ??= performance.now()
      const channels = stringAt(args, 'channel_id') ?? stringAt(args, 'channels')
      for (const id of channels?.split(',') ?? []) share(slack, args, id, completed)
      changed(slack.world)
      return { files: completed.map((file) => fileObject(slack, file)) }
    },
  },
}
