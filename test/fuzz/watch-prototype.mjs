// Preloaded into the process that is tried: says when anything was added to the prototype of every object.
const before = Reflect.ownKeys(Object.prototype).length
setInterval(() => {
  if (Reflect.ownKeys(Object.prototype).length > before) console.log('a prototype was polluted')
}, 100).unref()
