using System.Text.Json;
using Proxyless.Files;

namespace Proxyless.Latency;

/// <summary>
/// The measurements of a profile by name, on disk after each one, so that an interrupted profile can be continued. Any
/// thread may use it.
/// </summary>
internal sealed class PartialProfile
{
    private readonly Lock _lock = new();
    private readonly IRunObserver _observer;
    private readonly Dictionary<string, double> _measured;
    private readonly Progress _progress;
    private string? _file;
    private int _done;

    /// <summary>Reads what an interrupted profile has measured, if there is one.</summary>
    /// <param name="file">Its file; null: nothing is written.</param>
    /// <param name="observer">
    /// Receives progress, and a warning if the file is damaged or cannot be written.
    /// </param>
    /// <param name="total">Number of calls of <see cref="Step"/>.</param>
    public PartialProfile(string? file, IRunObserver observer, int total)
    {
        _file = file;
        _observer = observer;
        _measured = Read(file, observer);
        _progress = new Progress(observer, "profile", 0, total);
    }

    /// <summary>Returns a measurement, and makes and writes it if it is not there.</summary>
    /// <param name="name">What is measured.</param>
    /// <param name="measure">Measures the milliseconds.</param>
    /// <exception cref="InvalidInputException">They are no time.</exception>
    public double Measure(string name, Func<double> measure)
    {
        lock (_lock)
        {
            if (_measured.TryGetValue(name, out double known))
            {
                return known;
            }
        }

        double milliseconds = measure();
        if (!IsTime(milliseconds))
        {
            throw new InvalidInputException(
                Invariant($"the profile measures {milliseconds} ms for '{name}'; a time is over 0: see whether the ")
                    + "target's device works, and continue the profile"
            );
        }

        lock (_lock)
        {
            _measured[name] = milliseconds;
            Write();
        }

        return milliseconds;
    }

    /// <summary>Reports that one more part or network is measured.</summary>
    public void Step(string detail)
    {
        lock (_lock)
        {
            _progress.Report(++_done, detail);
        }
    }

    private static bool IsTime(double milliseconds) => milliseconds is > 0 and < double.PositiveInfinity;

    private void Write()
    {
        if (_file is null)
        {
            return;
        }

        try
        {
            AtomicFile.WriteAllText(_file, JsonSerializer.Serialize(_measured));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            _observer.Warning(
                $"'{_file}' cannot be written ({exception.Message}): the profile goes on, and if it is interrupted it "
                    + "starts again"
            );
            _file = null;
        }
    }

    private static Dictionary<string, double> Read(string? file, IRunObserver observer)
    {
        if (file is null || !File.Exists(file))
        {
            return [];
        }

        try
        {
            Dictionary<string, double> before =
                JsonSerializer.Deserialize<Dictionary<string, double>>(File.ReadAllText(file))
                ?? throw new JsonException("it is null");
            if (!before.Values.All(IsTime))
            {
                throw new JsonException("it holds an invalid time");
            }

            observer.Message($"profile: {before.Count} measurements of an interrupted profile are reused");
            return before;
        }
        catch (Exception exception) when (exception is JsonException or IOException or UnauthorizedAccessException)
        {
            observer.Warning($"{file} cannot be read ({exception.Message}); the profile starts again");
            return [];
        }
    }
}
