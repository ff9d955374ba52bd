// Joins: orders with their customers, by a shuffle, by a broadcast, and with what has no partner on the other side.
//
//   npm run example examples/joins.ts
//   npm run example examples/joins.ts -- --orders 1000000 --customers 50000
//
// A join moves both sides, unless one sits where the other wants it (`partitionBy` and `cache`). A side that fits in memory needs no join:
// broadcast it as a Map.

import { parseArgs } from 'node:util'
import { Context } from 'rivulet'
import { customersAndOrders } from './support/data.ts'

const { values: flags } = parseArgs({ options: { orders: { type: 'string', default: '20000' }, customers: { type: 'string', default: '500' } } })
const data = customersAndOrders(Number(flags.customers), Number(flags.orders))

await using ctx = new Context({ appName: 'joins' })
const customers = ctx.parallelize(data.customers).keyBy(customer => customer.id).partitionBy(ctx.defaultParallelism).cache()
const orders = ctx.parallelize(data.orders).keyBy(order => order.customer)

// Only the orders move: the customers sit where they are wanted.
const byCountry = await orders.join(customers)
  .map(([, [order, customer]]) => [customer.country, order.amount])
  .reduceByKey((a, b) => a + b)
  .sortByKey()
  .collect()
for (const [country, amount] of byCountry) console.log(`${country}: ${amount}`)

// The same without moving anything.
const countryOf = ctx.broadcast(new Map(data.customers.map(customer => [customer.id, customer.country])))
const again = await orders
  .flatMap(([id, order]) => { const country = countryOf.value.get(id); return country === undefined ? [] : [[country, order.amount] as const] })
  .reduceByKey((a, b) => a + b)
  .sortByKey()
  .collect()
console.log(`by broadcast: ${JSON.stringify(again) === JSON.stringify(byCountry) ? 'the same' : 'different'}`)

console.log(`customers without an order: ${await customers.subtractByKey(orders).count()}`)
const unknown = await orders.leftOuterJoin(customers).filter(([, [, customer]]) => customer === undefined).count()
console.log(`orders of nobody we know: ${unknown}`)
const both = await orders.cogroup(customers).filter(([, [theirs, them]]) => theirs.length >= 3 && them.length > 0).count()
console.log(`customers with three orders or more: ${both}`)
