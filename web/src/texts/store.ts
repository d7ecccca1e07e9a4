// What the choice of pictures from a store says.
export const t = {
  title: 'Pick from a store',
  store: 'Store',
  none: 'This account has no stores yet. A store is a bucket or a folder in which your pictures lie.',
  add: 'Add a store',
  path: 'Where you are',
  objects: 'Pictures and folders',
  empty: 'There are no pictures here.',
  onlyOthers: 'The first page of this place has no pictures.',
  more: 'Look further',
  take: (count: number) => (count === 0 ? 'Take them' : `Take ${count}`),
  allOfThese: (count: number) => `Choose all ${count}`,
  noneOfThese: 'Choose none',
}
