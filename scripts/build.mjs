// `npm run build`: the product into dist/.
import { prepare } from './prepare.mjs'

prepare()
