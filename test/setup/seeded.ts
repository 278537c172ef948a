import fc from 'fast-check'

/** `bin/test` always tries the same values, so that nothing fails by chance; `bin/faults properties` tries others. */
fc.configureGlobal({ seed: Number(process.env.FAULTS_SEED ?? 1) })

export default fc
