using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Proxyless.Architectures;
using Proxyless.Files;
using Proxyless.Measurement;
using Proxyless.Quantization;

namespace Proxyless.Latency;

/// <summary>
/// Any machine that can be reached by a program that takes a model file and prints a latency: <c>adb shell</c>,
/// <c>ssh</c>, <c>trtexec</c>, a script. The program is started directly, with its arguments as a list, never through a
/// shell.
/// </summary>
internal sealed partial record CommandTarget : IPartTimer
{
    /// <summary>Stands for the model's file among the arguments.</summary>
    public const string ModelPlace = "{model}";

    /// <summary>Stands for the number of images among the arguments.</summary>
    public const string BatchPlace = "{batch}";

    private const int OutputShown = 400;
    private const double Microseconds = 1e-3;
    private const double Seconds = 1e3;

    // 128 and the number of the signal that has ended a program.
    private const int Interrupted = 130;
    private const int Terminated = 143;

    /// <inheritdoc/>
    public required string Name { get; init; }

    /// <summary>The program and its arguments; one of them contains <see cref="ModelPlace"/>.</summary>
    public required IReadOnlyList<string> Command { get; init; }

    /// <summary>Finds the latency in the program's output: the first group of the last match.</summary>
    public required Regex Pattern { get; init; }

    /// <summary>Milliseconds per unit of the printed number.</summary>
    public double UnitMs { get; init; } = 1;

    /// <summary>Runs of the program per measurement; the median counts.</summary>
    public int Repeats { get; init; } = 3;

    /// <summary>
    /// Time after which a run is given up and its processes are ended, except what outlives the program.
    /// </summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <inheritdoc/>
    public int Batch { get; init; } = 1;

    /// <inheritdoc/>
    public bool TimesIntegers { get; init; }

    /// <summary>
    /// The machine that the program reaches, in the user's words; null if not given. It keeps the tables of one command
    /// on two devices apart.
    /// </summary>
    public string? Device { get; init; }

    /// <inheritdoc/>
    public string Id
    {
        get
        {
            string device = Device is null ? "" : $" on device {JsonSerializer.Serialize(Device)}";
            return string.Create(
                CultureInfo.InvariantCulture,
                $"command {JsonSerializer.Serialize(Command)}{device}, '{Pattern}' "
                    + $"in units of {UnitMs} ms, batch {Batch}{(TimesIntegers ? IntegerModels.Identity : "")}"
            );
        }
    }

    /// <summary>
    /// How long a signal to this process may be on its way that has ended the program already: Ctrl-C reaches both.
    /// </summary>
    internal TimeSpan PatienceForSignal { get; init; } = TimeSpan.FromSeconds(0.5);

    /// <summary>Returns the milliseconds of a unit by its name.</summary>
    internal static IReadOnlyDictionary<string, double> Units { get; } =
        new Dictionary<string, double>
        {
            ["us"] = Microseconds,
            ["ms"] = 1,
            ["s"] = Seconds,
        };

    /// <inheritdoc/>
    public LatencyTable Profile(
        SearchSpace space,
        int classes,
        ProfileMode mode,
        string? partial,
        IRunObserver observer,
        CancellationToken cancellationToken = default
    ) => new PartProfiler(this, [this]).Profile(space, classes, mode, partial, observer, cancellationToken);

    /// <inheritdoc/>
    public (double Milliseconds, double? Disturbance) TimePart(
        byte[] onnx,
        ProfileMode mode,
        CancellationToken cancellationToken
    ) => (Time(onnx, cancellationToken).MedianMs, null);

    /// <inheritdoc/>
    public NetworkLatency Compare(
        byte[] onnx,
        byte[] reference,
        double referenceMs,
        CancellationToken cancellationToken = default
    ) =>
        NetworkLatency.Of(
            InTurn.Time(Time, onnx, reference, cancellationToken),
            timing => timing.MedianMs,
            referenceMs
        );

    /// <inheritdoc/>
    public Timing Time(byte[] onnx, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(onnx);
        string file = TemporaryPlace.Write(TimesIntegers ? UntrainedIntegers.Of(onnx) : onnx, ".onnx");
        try
        {
            return Timing.Of([.. Enumerable.Range(0, Repeats).Select(_ => RunOnce(file, cancellationToken))]);
        }
        finally
        {
            // What stays is removed with other temporary files by the system.
            FileRemoval.Try(file);
        }
    }

    /// <summary>Does nothing: a program ends with its measurement.</summary>
    public void Dispose() { }

    /// <inheritdoc cref="Dispose"/>
    public ValueTask DisposeAsync() => default;

    private double RunOnce(string file, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        string[] words =
        [
            .. Command.Select(word =>
                word.Replace(ModelPlace, file, StringComparison.Ordinal)
                    .Replace(BatchPlace, Batch.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
            ),
        ];
        (int exitCode, PrintedText output, PrintedText error) = Execute(words, cancellationToken);
        if (exitCode is Interrupted or Terminated)
        {
            cancellationToken.WaitHandle.WaitOne(PatienceForSignal);
        }

        cancellationToken.ThrowIfCancellationRequested();
        if (exitCode != 0)
        {
            throw new InvalidInputException(
                $"target '{Name}': '{string.Join(' ', words)}' ended with exit code {exitCode}: {Shown(output, error)}"
            );
        }

        return Find(output.End)
            ?? Find(error.End)
            ?? throw new InvalidInputException(
                $"target '{Name}': the pattern '{Pattern}' finds no latency over 0 in what "
                    + $"'{string.Join(' ', words)}' prints: {Shown(output, error)}"
            );
    }

    /// <summary>Returns the milliseconds in a text; null if there are none.</summary>
    private double? Find(string text)
    {
        try
        {
            if (
                Pattern.Matches(text).LastOrDefault() is not { } match
                || !double.TryParse(
                    match.Groups[1].ValueSpan,
                    NumberStyles.Float,
                    CultureInfo.InvariantCulture,
                    out double number
                )
            )
            {
                return null;
            }

            if (PrintedNumber.Around(text, match.Groups[1]) is { } whole && !IsInList(whole))
            {
                throw new InvalidInputException(
                    $"target '{Name}': the pattern '{Pattern}' takes '{match.Groups[1]}' out of '{whole}'; anchor it, "
                        + "or let what the program starts elsewhere print with LC_ALL=C (a comma that separates two "
                        + "numbers stands beside the group in the pattern)"
                );
            }

            double milliseconds = number * UnitMs;
            return milliseconds is > 0 and < double.PositiveInfinity ? milliseconds : null;
        }
        catch (RegexMatchTimeoutException exception)
        {
            throw new InvalidInputException(
                $"target '{Name}': the pattern '{Pattern}' takes too long on the output; simplify it",
                exception
            );
        }
    }

    /// <summary>Whether the comma of a number separates two, by a pattern that names it beside its group.</summary>
    private bool IsInList(string number)
    {
        string pattern = BesideComma().Replace(Pattern.ToString(), "");
        return number.Contains(',', StringComparison.Ordinal)
            && ((string[])[",(", ",)(", "),"]).Any(comma => pattern.Contains(comma, StringComparison.Ordinal));
    }

    private (int ExitCode, PrintedText Output, PrintedText Error) Execute(
        string[] words,
        CancellationToken cancellationToken
    )
    {
        var start = new ProcessStartInfo(FileOf(words[0]), words[1..])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            UseShellExecute = false,
        };
        start.Environment["LC_ALL"] = "C";
        using Process process = Start(start);
        process.StandardInput.Close();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Timeout);
        var output = new PrintedText();
        var error = new PrintedText();
        try
        {
            // The streams too: a process that the program left running may hold them open after its end.
            Task.WhenAll(
                    output.ReadAsync(process.StandardOutput, limit.Token),
                    error.ReadAsync(process.StandardError, limit.Token),
                    process.WaitForExitAsync(limit.Token)
                )
                .WaitAsync(limit.Token)
                .GetAwaiter()
                .GetResult();
        }
        catch (OperationCanceledException)
        {
            TryEnd(() => process.Kill(entireProcessTree: true));
            cancellationToken.ThrowIfCancellationRequested();
            throw new InvalidInputException(
                Invariant(
                    $"target '{Name}': '{string.Join(' ', words)}' has not ended, or something it started has not, "
                        + $"within {Timeout.TotalSeconds:0} s; raise 'timeout' in the target's "
                        + $"file: {Shown(output, error)}"
                )
            );
        }

        return (process.ExitCode, output, error);
    }

    /// <summary>
    /// The file of a program. Without a folder in its name it is found by the search path: the runtime would begin with
    /// its own folder and the working folder, and take any file of that name. Windows has an order of its own.
    /// </summary>
    private string FileOf(string program) =>
        OperatingSystem.IsWindows() || program.Contains('/', StringComparison.Ordinal)
            ? program
            : SearchPath.Find(program, Environment.GetEnvironmentVariable("PATH") ?? "")
                ?? throw new InvalidInputException(
                    $"target '{Name}': '{program}' cannot be started: there is no such program in the folders of PATH; "
                        + $"write ./{program} for one that is beside the target's file"
                );

    /// <summary>Ends processes as far as this user may: that the program was too slow is what is told.</summary>
    /// <param name="end">Ends them.</param>
    internal static void TryEnd(Action end)
    {
        try
        {
            end();
        }
        catch (Exception exception)
            when (exception is AggregateException or Win32Exception or InvalidOperationException)
        {
            // Some belong to another user, as with sudo, or have just ended.
        }
    }

    private Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception exception)
        {
            throw new InvalidInputException(
                $"target '{Name}': '{start.FileName}' cannot be started: {exception.Message}",
                exception
            );
        }
    }

    private static string Shown(PrintedText output, PrintedText error)
    {
        string text = $"{output.Beginning.Trim()}\n{error.Beginning.Trim()}".Trim();
        return text.Length == 0 ? "(nothing was printed)"
            : text.Length > OutputShown ? TextBeginning.Of(text, OutputShown) + " ..."
            : text;
    }

    // What may stand between a group and a comma, or count a group that ends with one.
    [GeneratedRegex(@"\{[0-9,]*\}|\\s[*+?]?| [*+?]?", RegexOptions.CultureInvariant)]
    private static partial Regex BesideComma();
}
