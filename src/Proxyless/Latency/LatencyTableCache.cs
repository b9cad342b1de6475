using System.Security.Cryptography;
using System.Text;
using Proxyless.Architectures;
using Proxyless.Files;
using Proxyless.Runtime;

namespace Proxyless.Latency;

/// <summary>
/// Latency tables kept on disk and found by what they depend on: the parts of the space, the target's identity and the
/// mode. Spaces that are built of the same parts share a table, whatever their names.
/// </summary>
/// <param name="folder">Where the tables are kept; created when the first one is stored.</param>
internal sealed class LatencyTableCache(string folder)
{
    // The version of the measurement: tables of another version are measured again.
    private const string MethodVersion = "method 2";

    /// <summary>The cache of the current user.</summary>
    public static LatencyTableCache Default => new(CacheFolder.Of("latency"));

    /// <summary>Where the tables are kept.</summary>
    public string Folder => folder;

    /// <summary>Returns the table of a space on a target: from disk, or profiled and stored.</summary>
    /// <param name="space">The space, at the resolution of its use.</param>
    /// <param name="classes">Number of outputs of the classifier.</param>
    /// <param name="target">The target.</param>
    /// <param name="mode">The minimum care: a thorough table serves a quick request.</param>
    /// <param name="observer">Is told where the table comes from.</param>
    /// <param name="cancellationToken">Stops profiling.</param>
    public LatencyTable GetOrProfile(
        SearchSpace space,
        int classes,
        ITarget target,
        ProfileMode mode,
        IRunObserver observer,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(target);
        ArgumentNullException.ThrowIfNull(observer);
        if (target is TableTarget known)
        {
            LatencyTable read = known.TableOf(space, classes, observer);
            WarnOfReuse(read, target, $"measure it again where '{target.Name}' is from", observer);
            return read;
        }

        (target as IAskedTarget)?.Ask(cancellationToken);
        if (Find(space, classes, target, mode, observer) is { } found)
        {
            observer.Message(
                Invariant(
                    $"latency table of '{space.Name}' on {target.Name} from {found.Created:yyyy-MM-dd}, "
                        + $"{found.Mode.ToString().ToLowerInvariant()}"
                )
            );
            string file = PathOf(space, classes, target, found.Mode);
            WarnOfReuse(
                found,
                target,
                $"remove '{file}' when the machine is quiet to have it measured again",
                observer
            );
            return found;
        }

        return Profile(space, classes, target, mode, observer, cancellationToken);
    }

    /// <summary>
    /// Warns of doubts about an existing table: it was disturbed, or may be of another device behind the same command.
    /// It is used with this warning, each time, and not measured again: on a machine that is always busy every command
    /// would begin with a profile, which takes up to an hour on a device, and would give another disturbed table. The
    /// user knows when the machine is quiet; whether a network is within the limit is measured beside the reference
    /// network in any case.
    /// </summary>
    /// <param name="table">The table.</param>
    /// <param name="target">The target.</param>
    /// <param name="remedy">How to have it measured again.</param>
    /// <param name="observer">Is warned.</param>
    internal static void WarnOfReuse(LatencyTable table, ITarget target, string remedy, IRunObserver observer)
    {
        if (Disturbance.Complaint(table, remedy) is { } complaint)
        {
            observer.Warning(complaint);
        }

        IEnumerable<ITarget> devices = target is DeviceGroupTarget group ? group.Devices : [target];
        foreach (CommandTarget command in devices.OfType<CommandTarget>().Where(command => command.Device is null))
        {
            observer.Warning(
                $"target '{command.Name}' does not say which device its command reaches: the latency table from "
                    + Invariant(
                        $"{table.Created:yyyy-MM-dd} is of the one that was there then; name each by 'device' in the "
                            + $"target's file, or {remedy}"
                    )
            );
        }
    }

    /// <summary>
    /// Measures the table again and stores it; an interrupted profile is continued where the target measures slowly.
    /// </summary>
    /// <returns>The table; for a target that is a table, its entries for the space, which are not stored.</returns>
    /// <inheritdoc cref="GetOrProfile"/>
    public LatencyTable Profile(
        SearchSpace space,
        int classes,
        ITarget target,
        ProfileMode mode,
        IRunObserver observer,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(target);
        if (target is not IModelTimer timer)
        {
            return GetOrProfile(space, classes, target, mode, observer, cancellationToken);
        }

        (target as IAskedTarget)?.Ask(cancellationToken);
        CacheFolder.WarnIfNotKept(observer);
        string partial = PathOf(space, classes, target, mode) + ".partial";
        LatencyTable table = timer.Profile(space, classes, mode, partial, observer, cancellationToken);
        try
        {
            Store(space, classes, target, table);

            // Only now: on a full disk, or in a job that is killed, it is all that is left of the profile.
            FileRemoval.Try(partial);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Minutes to an hour of measurements: they serve at least this once.
            observer.Warning(
                $"the latency table cannot be kept in '{folder}' ({exception.Message}), and will be measured again the "
                    + "next time; free some space there, or set PROXYLESS_CACHE to another folder"
            );
        }

        return table;
    }

    /// <summary>
    /// Reads the stored table, or returns null. One that cannot be read counts as missing, with a warning.
    /// </summary>
    public LatencyTable? Find(SearchSpace space, int classes, ITarget target, ProfileMode mode, IRunObserver observer)
    {
        ArgumentNullException.ThrowIfNull(space);
        ArgumentNullException.ThrowIfNull(target);
        ArgumentNullException.ThrowIfNull(observer);
        ProfileMode[] good =
            mode == ProfileMode.Quick ? [ProfileMode.Thorough, ProfileMode.Quick] : [ProfileMode.Thorough];
        foreach (string path in good.Select(stored => PathOf(space, classes, target, stored)).Where(File.Exists))
        {
            try
            {
                // Its names may be those of another space that is built of the same parts, and of another file for the
                // same machine.
                return LatencyTableFile.Read(path) with { Space = space.Name, Target = target.Name };
            }
            catch (InvalidInputException exception)
            {
                observer.Warning($"{exception.Message}; the space is profiled again");
            }
        }

        return null;
    }

    /// <summary>Stores a table for later use.</summary>
    /// <exception cref="IOException">The folder cannot be written.</exception>
    public void Store(SearchSpace space, int classes, ITarget target, LatencyTable table)
    {
        ArgumentNullException.ThrowIfNull(space);
        ArgumentNullException.ThrowIfNull(target);
        ArgumentNullException.ThrowIfNull(table);
        LatencyTableFile.Write(PathOf(space, classes, target, table.Mode), table);
    }

    /// <summary>The file of a table, whether it is there or not.</summary>
    internal string PathOf(SearchSpace space, int classes, ITarget target, ProfileMode mode)
    {
        // The candidates of each block in order, not only the set of parts: the reference network is stored as a
        // choice.
        IEnumerable<string> blocks = space
            .Blocks()
            .Select(block => string.Join(',', block.Candidates.Select(candidate => candidate.Key)));
        string content = string.Join(
            '\n',
            [MethodVersion, target.Id, space.Activation.ToString(), .. SpaceParts.Keys(space, classes), .. blocks]
        );
        string hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(content)))[..16];
        return Path.Combine(folder, $"{hash}-{mode.ToString().ToLowerInvariant()}.json");
    }
}
