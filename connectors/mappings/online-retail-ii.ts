/**
 * Online Retail II: two years of invoice lines of one shop. A line is a purchase with the invoice as its order; cancelled
 * invoices (number starts with C) and lines that take back or cost nothing are left out and counted, as are lines without
 * a customer and codes that are no product. 1 to 9 December 2010 stand in both files: the first one is cut there.
 * Stamps are local shop time; they are read as UTC.
 */
import { join } from 'node:path'
import { type Interaction, interaction } from '../../schemas/interaction.ts'
import { type Item, item } from '../../schemas/item.ts'
import type { CatalogueRow, DataSet, LeftOut } from '../data-set.ts'
import { withDefaults } from '../with-defaults.ts'
import { goodRows } from './good-rows.ts'

const FILES = [
  {
    file: 'online_retail_2009-12_2010-12.csv.gz',
    year: '2009',
    invoice: 'Invoice',
    price: 'Price',
    customer: 'Customer ID',
  },
  {
    file: 'online_retail_2010-12_2011-12.csv.gz',
    year: '2010',
    invoice: 'InvoiceNo',
    price: 'UnitPrice',
    customer: 'CustomerID',
  },
] as const
const OVERLAP_FROM = '2010-12-01'
/** Five digits with letters behind, as in 85123A; POST, D, M, BANK CHARGES and the like are no products. */
const PRODUCT = /^\d{5}[A-Za-z]{0,2}$/

export const onlineRetail: DataSet = {
  name: 'online-retail-ii',
  about: 'two years of invoices of a gift shop: purchases with their order, cancellations left out and counted',
  files: FILES.map(one => one.file),
  events,
  items,
}

interface Line {
  readonly id: string
  readonly invoice: string
  readonly code: string
  readonly description: string
  readonly quantity: number
  readonly price: number
  readonly customer: string
  readonly country: string
  readonly stamp: string
}

async function* lines(directory: string, leftOut?: LeftOut): AsyncGenerator<Line> {
  for (const { file, year, invoice, price, customer } of FILES) {
    const rows = goodRows(join(directory, file), (row, c) => ({
      id: `${year}-${row}`,
      invoice: c(invoice),
      code: c('StockCode').toUpperCase(),
      description: c('Description').trim(),
      quantity: Number(c('Quantity')),
      price: Number(c(price)),
      customer: c(customer).replace(/\.0$/, ''),
      country: c('Country'),
      stamp: c('InvoiceDate'),
    }))
    for await (const line of rows) {
      if (year === '2009' && line.stamp >= OVERLAP_FROM) leftOut?.set(OVERLAP, (leftOut.get(OVERLAP) ?? 0) + 1)
      else yield line
    }
  }
}
const OVERLAP = 'in the second file too'

function whyNot(line: Line): string | undefined {
  if (line.invoice.startsWith('C')) return 'cancelled invoice'
  if (line.quantity <= 0 || line.price <= 0) return 'nothing bought or nothing paid'
  if (line.customer === '') return 'no customer'
  if (!PRODUCT.test(line.code)) return 'not a product'
  return undefined
}

async function* events(directory: string, leftOut: LeftOut): AsyncGenerator<Interaction> {
  for await (const line of lines(directory, leftOut)) {
    const reason = whyNot(line)
    if (reason !== undefined) {
      leftOut.set(reason, (leftOut.get(reason) ?? 0) + 1)
      continue
    }
    yield withDefaults(interaction, {
      eventId: `online-retail-ii:${line.id}#purchase`,
      userId: line.customer,
      itemId: line.code,
      type: 'purchase',
      quantity: line.quantity,
      price: line.price,
      orderId: line.invoice,
      occurredAt: Date.parse(`${line.stamp.replace(' ', 'T')}Z`),
    })
  }
}

/** The newest description and price of each product that was ever bought. `line` is that of the invoice line. */
async function* items(directory: string): AsyncGenerator<CatalogueRow<Item>> {
  const newest = new Map<string, Line>()
  for await (const line of lines(directory))
    if (!line.invoice.startsWith('C') && line.price > 0 && line.description !== '' && PRODUCT.test(line.code))
      newest.set(line.code, line)
  let number = 0
  for (const [id, { description, price }] of newest)
    yield { line: ++number, id, value: withDefaults(item, { title: description, price }) }
}
