import type { LocalOrder } from "@/db/database";
import { answeredCount } from "@/domain/checklist";
import { codeAndName } from "@/domain/names";
import { series, shiftOf } from "@/domain/work";
import { nameOf, showLongDay, showMoment, t, word, zone } from "@/i18n";
import { Icon } from "../parts/icon";
import { Empty, Failed, Skeleton } from "../parts/states";
import { ClockTag, ConflictTag, DueTag, SafetyTag, StateTag } from "../parts/tags";
import { hrefOf } from "../parts/tickets";
import { assetCards, bundle, bundleFailure, flush, orders, refreshBundle } from "../state/device";
import { locationName, siteAmongSeveral, siteName } from "../state/names";
import { now } from "../state/now";

function where(order: LocalOrder): string {
  const asset = order.asset === null ? undefined : assetCards.value.get(order.asset)?.asset;
  const ref = asset ?? order.asset_ref;
  if (ref === null || ref === undefined) {
    return siteName(order.site);
  }
  const machine = codeAndName(ref.code, nameOf(ref.name));
  return [siteAmongSeveral(order.site), machine, locationName(asset?.location)].filter(Boolean).join(" · ");
}

function Progress({ order }: { order: LocalOrder }) {
  const done = answeredCount(order.template, order.answers);
  const percent = order.template.length === 0 ? 0 : (100 * done) / order.template.length;
  return (
    <div class="stack-s">
      <div class="s">{t("check.progress", { done, all: order.template.length })}</div>
      <div class="prog">
        <i style={{ width: `${percent}%` }} />
      </div>
    </div>
  );
}

const titleOf = (order: LocalOrder): string =>
  order.kind === "corrective" ? `#${order.number} ${nameOf(order.title)}` : nameOf(order.title);

function NowCard({ order }: { order: LocalOrder }) {
  const done = answeredCount(order.template, order.answers);
  const repair = order.kind === "corrective";
  return (
    <article class="card now stack" data-order={order.id}>
      <div class="row between top">
        <h2 class="clamp2" title={titleOf(order)}>
          {titleOf(order)}
        </h2>
        {repair ? <ClockTag order={order} /> : <StateTag state={order.state} />}
      </div>
      <div class="s">{where(order)}</div>
      <ConflictTag order={order} />
      {!repair && <Progress order={order} />}
      <a class="btn primary wide" href={hrefOf(order)}>
        {repair
          ? t("action.look")
          : done >= order.template.length
            ? t("check.finish")
            : t("check.go_on", { n: done + 1 })}
      </a>
    </article>
  );
}

function Card({ order, more }: { order: LocalOrder; more: number }) {
  const repair = order.kind === "corrective";
  const done = answeredCount(order.template, order.answers);
  return (
    <a class="card stack-s" href={hrefOf(order)} data-row data-order={order.id}>
      <div class="row between top">
        <h2 class="grow clamp2" title={titleOf(order)}>
          {titleOf(order)}
        </h2>
        {repair ? <ClockTag order={order} /> : <DueTag order={order} />}
      </div>
      <div class="s">{where(order)}</div>
      {nameOf(order.reason) !== "" && (
        <div class="s clamp2" title={nameOf(order.reason)}>
          {nameOf(order.reason)}
        </div>
      )}
      <div class="row wrap">
        {order.safety && <SafetyTag />}
        <ConflictTag order={order} />
        <span class="xs">
          {repair
            ? word("origin", order.origin)
            : t(done > 0 ? "check.progress" : "check.items", { done, all: order.template.length })}
        </span>
        <span class="xs">{t("today.on_device")}</span>
        {more > 0 && <span class="xs">{t("today.again", { n: more })}</span>}
      </div>
    </a>
  );
}

function Group({ title, orders: list }: { title: string; orders: readonly LocalOrder[] }) {
  const cards = series(list);
  return cards.length === 0 ? null : (
    <section class="stack" data-group>
      <div class="sect">
        <h2>{title}</h2>
        <span class="xs">{cards.length}</span>
      </div>
      {cards.map(({ first, more }) => (
        <Card key={first.id} order={first} more={more} />
      ))}
    </section>
  );
}

/** The technician's shift, wholly from the device: now, next, later. */
export default function Today() {
  const known = orders.value;
  const shift = shiftOf(known ?? [], now.value, zone.value);
  const nothing = shift.now.length + shift.next.length + shift.later.length === 0;
  const info = bundle.value;
  return (
    <div class="page narrow">
      <div class="page-head">
        <h1>{zone.value === undefined ? "\u00a0" : showLongDay(now.value)}</h1>
        <button
          type="button"
          class="btn small"
          onClick={() => {
            void flush();
            void refreshBundle();
          }}
        >
          <Icon name="upload" />
          {t("action.sync")}
        </button>
      </div>
      {info === null && nothing && bundleFailure.value !== null ? (
        <Failed failure={bundleFailure.value} detail="" again={() => void refreshBundle()} />
      ) : known === undefined || (info === null && nothing) ? (
        <>
          <Skeleton count={3} height={96} />
          <p class="s" style={{ marginTop: "12px" }}>
            {t("today.first_load")}
          </p>
        </>
      ) : nothing ? (
        <div class="card">
          <Empty big text={t("today.nothing")} />
        </div>
      ) : (
        <>
          {shift.now.length > 0 && (
            <section class="stack">
              <div class="sect">
                <h2>{t("today.now")}</h2>
              </div>
              {shift.now.map((o) => (
                <NowCard key={o.id} order={o} />
              ))}
            </section>
          )}
          <Group title={t("today.next")} orders={shift.next} />
          <Group title={t("today.later")} orders={shift.later} />
        </>
      )}
      {info !== null && (
        <p class="xs" style={{ marginTop: "16px" }}>
          {t("today.taken", { at: showMoment(info.fetchedAt, now.value) })}
        </p>
      )}
    </div>
  );
}
