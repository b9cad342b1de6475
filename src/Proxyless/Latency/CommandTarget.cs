using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Proxyless.Architectures;
using Proxyless.Measurement;
using Proxyless.Spaces;

namespace Proxyless.Latency;

/// <summary>
/// Whatever machine a program can reach that takes a model file and prints a latency: <c>adb shell</c>, <c>ssh</c>, <c>trtexec</c>, a
/// script. The program is started directly, its arguments as a list, never through a shell.
/// </summary>
public sealed record CommandTarget : ITarget
{
    /// <summary>Stands for the model's file among the arguments.</summary>
    public const string ModelPlace = "{model}";

    /// <summary>Stands for the number of images among the arguments.</summary>
    public const string BatchPlace = "{batch}";

    private const int OutputShown = 400;
    private const double Microseconds = 1e-3;
    private const double Seconds = 1e3;

    /// <inheritdoc/>
    public required string Name { get; init; }

    /// <summary>The program and its arguments; <see cref="ModelPlace"/> stands in one of them.</summary>
    public required IReadOnlyList<string> Command { get; init; }

    /// <summary>Finds the latency in what the program prints: its first group, the last match.</summary>
    public required Regex Pattern { get; init; }

    /// <summary>Milliseconds of one unit of the number that is printed.</summary>
    public double UnitMs { get; init; } = 1;

    /// <summary>Runs of the program for a measurement; the median counts.</summary>
    public int Repeats { get; init; } = 3;

    /// <summary>After which a run is given up and its processes are ended.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <inheritdoc/>
    public int Batch { get; init; } = 1;

    /// <inheritdoc/>
    public string Id => $"command {string.Join(' ', Command)}, batch {Batch}";

    /// <inheritdoc/>
    public bool MakesTables => true;

    /// <summary>Milliseconds of a unit by its name.</summary>
    internal static IReadOnlyDictionary<string, double> Units { get; } =
        new Dictionary<string, double> { ["us"] = Microseconds, ["ms"] = 1, ["s"] = Seconds };

    /// <inheritdoc/>
    public LatencyTable MakeTable(
        SearchSpace space, int classes, ProfileMode mode, string? partial, IRunObserver observer, CancellationToken cancellation) =>
        new PartProfiler(this, MedianMs).Profile(space, classes, mode, partial, observer, cancellation);

    /// <inheritdoc/>
    public NetworkLatency Measure(
        Architecture architecture, byte[] onnx, SearchSpace space, int classes, LatencyTable table, CancellationToken cancellation) =>
        new PartProfiler(this, MedianMs).Compare(onnx, space, classes, table, cancellation);

    /// <inheritdoc/>
    public Timing Time(byte[] onnx, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(onnx);
        string file = Path.Combine(Path.GetTempPath(), $"proxyless-{Guid.NewGuid():N}.onnx");
        try
        {
            File.WriteAllBytes(file, onnx);
            return Timing.Of([.. Enumerable.Range(0, Repeats).Select(_ => RunOnce(file, cancellation))]);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private double MedianMs(byte[] onnx, CancellationToken cancellation) => Time(onnx, cancellation).MedianMs;

    private double RunOnce(string file, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        string[] words = [.. Command.Select(word => word
            .Replace(ModelPlace, file, StringComparison.Ordinal)
            .Replace(BatchPlace, Batch.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal))];
        (int exitCode, string output) = Execute(words, cancellation);
        if (exitCode != 0)
        {
            throw new InvalidInputException($"target '{Name}': '{string.Join(' ', words)}' ended with exit code {exitCode}: {Shown(output)}");
        }

        return Pattern.Matches(output).LastOrDefault() is { } match
            && double.TryParse(match.Groups[1].ValueSpan, NumberStyles.Float, CultureInfo.InvariantCulture, out double number)
            && number > 0 && double.IsFinite(number)
            ? number * UnitMs
            : throw new InvalidInputException($"target '{Name}': the pattern '{Pattern}' finds no latency over 0 in what '{string.Join(' ', words)}' prints: {Shown(output)}");
    }

    private (int ExitCode, string Output) Execute(string[] words, CancellationToken cancellation)
    {
        var start = new ProcessStartInfo(words[0], words[1..])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            UseShellExecute = false,
        };
        using Process process = Start(start);
        process.StandardInput.Close();
        Task<string> output = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        Task<string> error = process.StandardError.ReadToEndAsync(CancellationToken.None);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Timeout);
        try
        {
            process.WaitForExitAsync(limit.Token).GetAwaiter().GetResult();
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            cancellation.ThrowIfCancellationRequested();
            throw new InvalidInputException($"target '{Name}': '{string.Join(' ', words)}' printed no latency within {Timeout.TotalSeconds:0} s and was ended; raise 'timeout' in the target's file");
        }

        return (process.ExitCode, output.GetAwaiter().GetResult() + error.GetAwaiter().GetResult());
    }

    private Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception exception)
        {
            throw new InvalidInputException($"target '{Name}': '{start.FileName}' cannot be started: {exception.Message}", exception);
        }
    }

    private static string Shown(string output)
    {
        string text = output.Trim();
        return text.Length == 0 ? "(nothing was printed)" : text.Length > OutputShown ? text[..OutputShown] + " ..." : text;
    }
}
