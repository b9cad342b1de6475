using System.Diagnostics;
using System.Globalization;
using System.Text;
using Proxyless.Data;
using Proxyless.Runtime;
using Proxyless.Tests.Data;

namespace Proxyless.Tests.Fuzz;

/// <summary>What a reader made of its inputs.</summary>
/// <param name="Inputs">How many it was given.</param>
/// <param name="Read">Those it read.</param>
/// <param name="Refused">Those it refused as its documentation says.</param>
/// <param name="SlowestMs">The longest that one of them took, in milliseconds.</param>
/// <param name="ManagedMb">Growth of managed memory while a third of the inputs was fed once more.</param>
/// <param name="ResidentMb">Growth of resident memory meanwhile.</param>
/// <param name="PeakMb">The most resident memory over what there was before.</param>
/// <param name="Findings">Anything else, each with the number of the input.</param>
internal sealed record FuzzResult(
    long Inputs,
    long Read,
    long Refused,
    double SlowestMs,
    double ManagedMb,
    double ResidentMb,
    double PeakMb,
    IReadOnlyList<string> Findings
);

/// <summary>
/// Feeds a reader with damaged files. Input n of a reader is the same in every run with the same seed: first its seeds
/// as they are, then the hostile ones, then changed ones.
/// </summary>
/// <param name="reader">The reader.</param>
/// <param name="seed">Of all changes.</param>
/// <param name="progress">
/// A file that says which input is at hand, for whoever finds the process dead; null for none.
/// </param>
internal sealed class FuzzRun(FuzzReader reader, int seed, string? progress)
{
    // What .NET gives a thread on Windows and macOS; on Linux it is 8 MB.
    private const int StackBytes = 3 << 19;

    // An input takes well under two seconds. This tells a loop without end from a machine that a hundred others want.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    // Findings after the first ones say little.
    private const int MostFindings = 20;

    // Of the inputs, how many are fed again for the sake of memory.
    private const int AgainPart = 3;

    private readonly List<string> _findings = [];
    private long _current;
    private long _began;
    private long _read;
    private long _refused;
    private double _slowestMs;
    private (double Managed, double Resident) _before;
    private (double Managed, double Resident) _after;
    private double _peakMb;
    private Exception? _failure;

    /// <summary>The bytes of one input.</summary>
    public byte[] Input(long number, IReadOnlyList<byte[]> seeds, IReadOnlyList<byte[]> hostile)
    {
        if (number < seeds.Count)
        {
            return seeds[(int)number];
        }

        return number < seeds.Count + hostile.Count
            ? hostile[(int)number - seeds.Count]
            : Mutator.Mutate(new Random(SeedOf(number)), seeds, reader.Syntax);
    }

    /// <summary>
    /// Feeds the inputs from <paramref name="first"/> up to, not including, <paramref name="count"/>.
    /// </summary>
    public FuzzResult Run(long first, long count)
    {
        _began = Stopwatch.GetTimestamp();
        var worker = new Thread(
            () =>
            {
                try
                {
                    Work(first, count);
                }
#pragma warning disable CA1031 // It is thrown again on the thread of the test.
                catch (Exception exception)
#pragma warning restore CA1031
                {
                    _failure = exception;
                }
            },
            StackBytes
        )
        {
            IsBackground = true,
        };
        worker.Start();
        while (!worker.Join(TimeSpan.FromSeconds(1)))
        {
            if (Stopwatch.GetElapsedTime(Volatile.Read(ref _began)) > Patience)
            {
                _findings.Add($"input {Volatile.Read(ref _current)}: no end after {Patience.TotalSeconds:0} s");
                break;
            }
        }

        return _failure is null
            ? new FuzzResult(
                _read + _refused + _findings.Count,
                _read,
                _refused,
                _slowestMs,
                _after.Managed - _before.Managed,
                _after.Resident - _before.Resident,
                _peakMb,
                _findings
            )
            : throw new InvalidOperationException($"'{reader.Name}' cannot be fed", _failure);
    }

    private void Work(long first, long count)
    {
        IReadOnlyList<byte[]> seeds = reader.Seeds();
        IReadOnlyList<byte[]> hostile = reader.Hostile();
        using var folder = new TemporaryFolder();
        Action<string> read = reader.Open(folder.Root);
        string file = Path.Combine(folder.Root, reader.File);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        using FileStream? state = progress is null
            ? null
            : new FileStream(progress, FileMode.Create, FileAccess.Write, FileShare.Read);
        var peak = ResidentMemory.Start();
        for (long number = first; number < count && _findings.Count < MostFindings; number++)
        {
            byte[] input = Input(number, seeds, hostile);
            File.WriteAllBytes(file, input);
            Dictionary<string, (long, DateTime)> files = Listing(folder.Root);
            Volatile.Write(ref _current, number);
            Write(state);
            Volatile.Write(ref _began, Stopwatch.GetTimestamp());
            Feed(read, file, isWhole: number < seeds.Count);
            _slowestMs = Math.Max(_slowestMs, Stopwatch.GetElapsedTime(_began).TotalMilliseconds);
            if (!Listing(folder.Root).OrderBy(one => one.Key).SequenceEqual(files.OrderBy(one => one.Key)))
            {
                _findings.Add($"input {number}: files beside it were made, changed or removed");
            }
        }

        Volatile.Write(ref _current, count);
        Write(state);
        _peakMb = peak.PeakMegabytes();

        // The last ones once more: caches and pools have what they want by now, and what grows still is not given back.
        _before = Memory();
        for (
            long number = count - Math.Max(1, (count - first) / AgainPart);
            number < count && _findings.Count == 0;
            number++
        )
        {
            File.WriteAllBytes(file, Input(number, seeds, hostile));
            Volatile.Write(ref _began, Stopwatch.GetTimestamp());
            Again(read, file);
        }

        Volatile.Write(ref _began, Stopwatch.GetTimestamp());
        _after = Memory();
    }

    private static void Again(Action<string> read, string file)
    {
        try
        {
            read(file);
        }
        catch (ProxylessException)
        {
            // As before.
        }
    }

    private void Feed(Action<string> read, string file, bool isWhole)
    {
        try
        {
            read(file);
            _read++;
        }
        catch (ProxylessException exception) when (!isWhole && exception.Message.Length > 0)
        {
            _refused++;
        }
#pragma warning disable CA1031 // What a reader throws beside what it documents is what is looked for.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            string where = string.Join(
                " <- ",
                (exception.StackTrace ?? "")
                    .Split('\n')
                    .Where(line => line.Contains("Proxyless.", StringComparison.Ordinal))
                    .Take(3)
                    .Select(line => line.Trim())
            );
            _findings.Add($"input {_current}: {exception.GetType().Name}: {exception.Message} {where}");
        }
    }

    /// <summary>
    /// Number of the input at hand, read, refused, found, slowest: enough to go on behind an input that ended the
    /// process.
    /// </summary>
    private void Write(FileStream? state)
    {
        if (state is not null)
        {
            string line = string.Create(
                CultureInfo.InvariantCulture,
                $"{_current} {_read} {_refused} {_findings.Count} {_slowestMs:0}"
            );
            RandomAccess.Write(state.SafeFileHandle, Encoding.ASCII.GetBytes(line.PadRight(100) + "\n"), 0);
        }
    }

    private static Dictionary<string, (long, DateTime)> Listing(string folder) =>
        new DirectoryInfo(folder)
            .EnumerateFiles("*", SearchOption.AllDirectories)
            .ToDictionary(file => file.FullName, file => (file.Length, file.LastWriteTimeUtc));

    /// <summary>Managed and resident memory in MB, once what nobody needs is gone.</summary>
    private static (double Managed, double Resident) Memory()
    {
        for (int i = 0; i < 3; i++)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            GC.WaitForPendingFinalizers();
        }

        using var process = Process.GetCurrentProcess();
        return (GC.GetTotalMemory(forceFullCollection: true) / 1e6, process.WorkingSet64 / 1e6);
    }

    private int SeedOf(long number)
    {
        // String.GetHashCode differs between processes.
        int name = reader.Name.Aggregate(0, (hash, letter) => unchecked((hash * 31) + letter));
        return new SplitMix64(seed, name, (int)number).Below(int.MaxValue);
    }
}
