import { effect, signal } from "@preact/signals";
import { fetchClasses, fetchLocations, fetchSites, fetchSystems } from "@/api/resources";
import type { EquipmentClass, Location, Site, System } from "@/api/types";
import { departmentOf } from "@/domain/departments";
import { codeAndName, type Name } from "@/domain/names";
import { nameOf, t, zone } from "@/i18n";

/** The catalogue's names: read once, kept on the device so that they are there without a network. */
export interface Catalogue {
  classes: EquipmentClass[];
  systems: System[];
  sites: Site[];
  locations: Location[];
}

const STORE = "plantroom.catalogue";

function stored(): Catalogue {
  try {
    const text = localStorage.getItem(STORE);
    if (text !== null) {
      return { locations: [], ...(JSON.parse(text) as Omit<Catalogue, "locations">) };
    }
  } catch {
    // An unreadable copy is as good as none: it is read again.
  }
  return { classes: [], systems: [], sites: [], locations: [] };
}

export const catalogue = signal<Catalogue>(stored());
effect(() => {
  zone.value = catalogue.value.sites[0]?.time_zone;
});

export async function loadCatalogue(): Promise<void> {
  const [classes, systems, sites] = await Promise.all([fetchClasses(), fetchSystems(), fetchSites()]);
  const locations = (await Promise.all(sites.map((s) => fetchLocations(s.code)))).flat();
  catalogue.value = { classes, systems, sites, locations };
  try {
    localStorage.setItem(STORE, JSON.stringify(catalogue.value));
  } catch {
    // A full store costs the names without a network, nothing else.
  }
}

export function className(key: string): string {
  const found = catalogue.value.classes.find((c) => c.class === key);
  return found === undefined ? key : nameOf(found.name);
}

export function siteName(code: string): string {
  const found = catalogue.value.sites.find((s) => s.code === code);
  return found === undefined ? code : nameOf(found.name);
}

/** The site where there are several, and nothing where there is one. */
export function siteAmongSeveral(code: string): string {
  return catalogue.value.sites.length > 1 ? siteName(code) : "";
}

/** Where something is: the machine, with its site where there are several (each may have one of that code), or the site
 * alone when it is about none that is in the ledger. */
export function whereOf(one: { site: string; asset_ref?: { code: string; name: Name } | null }): string {
  if (one.asset_ref == null) {
    return siteName(one.site);
  }
  const machine = codeAndName(one.asset_ref.code, nameOf(one.asset_ref.name));
  return [siteAmongSeveral(one.site), machine].filter(Boolean).join(" · ");
}

/** A place by its key; a text that is no key of ours is a place in somebody's own words. */
export function locationName(key: string | null | undefined): string {
  const found = catalogue.value.locations.find((l) => l.key === key);
  return found === undefined ? (key ?? "") : nameOf(found.name);
}

/** A department in the reader's language; one that the plan's tables do not know is shown as it came. */
export function departmentName(text: string | null | undefined): string {
  const known = departmentOf(text ?? "");
  return known === null ? (text ?? "") : t(`department.${known}`);
}
