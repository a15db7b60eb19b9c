import type { ComponentChildren } from "preact";

/** One row of the lists of a page: all lists of a page share its columns. Texts that are cut have their whole in the
 * title. */
export function Line({
  state,
  href,
  what,
  where = "",
  who = "",
  why = "",
  action,
}: {
  state: ComponentChildren;
  href: string;
  what: string;
  where?: string;
  who?: string;
  why?: string;
  action?: ComponentChildren;
}) {
  return (
    <div class="line open" data-row>
      <span class="state">{state}</span>
      <a class="what clamp2" href={href} title={what}>
        {what}
      </a>
      <span class="where s clamp2" title={where}>
        {where}
      </span>
      <span class="who s clip" title={who}>
        {who}
      </span>
      <span class="why s clamp2" title={why}>
        {why}
      </span>
      <span class="do">{action}</span>
    </div>
  );
}

export function LineHead({ labels }: { labels: readonly [string, string, string, string] }) {
  const [what, where, who, why] = labels;
  return (
    <div class="line head" aria-hidden="true">
      <span class="state" />
      <span>{what}</span>
      <span class="where">{where}</span>
      <span class="who">{who}</span>
      <span class="why">{why}</span>
      <span />
    </div>
  );
}
