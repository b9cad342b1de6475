using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Proxyless.Files;

namespace Proxyless.Latency;

/// <summary>Reads and writes <c>latency.json</c>.</summary>
public static class LatencyTableFile
{
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        AllowDuplicateProperties = false,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Writes a table.</summary>
    /// <exception cref="IOException">The file cannot be written; an existing one is untouched.</exception>
    public static void Write(string path, LatencyTable table) =>
        AtomicFile.Write(path, stream => JsonSerializer.Serialize(stream, table, Options));

    /// <summary>Reads a table.</summary>
    /// <exception cref="InvalidInputException">
    /// The file is missing or is not a latency table; the message says where.
    /// </exception>
    public static LatencyTable Read(string path)
    {
        if (!File.Exists(path))
        {
            throw new InvalidInputException(
                $"latency table '{path}' does not exist; LatencyTableCache.Profile makes one"
            )
            {
                File = path,
            };
        }

        LatencyTable table;
        try
        {
            table =
                JsonSerializer.Deserialize<LatencyTable>(TextFile.Read(path), Options)
                ?? throw new InvalidInputException(
                    $"latency table '{path}' is empty; LatencyTableCache.Profile makes a new one"
                )
                {
                    File = path,
                };
        }
        catch (JsonException exception)
        {
            throw new InvalidInputException(
                $"latency table '{path}' cannot be read: {exception.Message}; LatencyTableCache.Profile makes a new "
                    + $"one",
                exception
            );
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw InvalidInputException.Unreadable($"latency table '{path}'", path, exception);
        }

        LatencyCalibration calibration = table.Calibration;
        if (
            !double.IsFinite(calibration.Scale)
            || !double.IsFinite(calibration.Offset)
            || !double.IsFinite(table.Disturbance ?? 0)
            || !(table.Reference.Milliseconds >= 0 && double.IsFinite(table.Reference.Milliseconds))
            || table.Reference.Choice.Any(choice => choice < 0)
        )
        {
            throw new InvalidInputException(
                $"latency table '{path}': calibration or reference hold invalid numbers; "
                    + $"LatencyTableCache.Profile makes a new one"
            )
            {
                File = path,
            };
        }

        if (calibration.Scale <= 0)
        {
            throw new InvalidInputException(
                Invariant($"latency table '{path}': with a calibration of scale {calibration.Scale}, slower parts ")
                    + "make no slower networks; LatencyTableCache.Profile makes a new one"
            )
            {
                File = path,
            };
        }

        foreach ((string key, LatencyEntry? entry) in table.Entries)
        {
            if (entry is null)
            {
                throw new InvalidInputException(
                    $"latency table '{path}': '{key}' has no time; LatencyTableCache.Profile makes a new one"
                )
                {
                    File = path,
                };
            }

            if (!(entry.Milliseconds >= 0 && double.IsFinite(entry.Milliseconds)))
            {
                throw new InvalidInputException(
                    Invariant(
                        $"latency table '{path}': '{key}' takes {entry.Milliseconds} milliseconds; a time is 0 or more"
                    )
                );
            }
        }

        return table;
    }
}
