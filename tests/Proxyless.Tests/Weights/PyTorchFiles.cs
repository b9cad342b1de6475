using System.IO.Compression;
using System.Runtime.InteropServices;

namespace Proxyless.Tests.Weights;

/// <summary>Files as <c>torch.save</c> writes them.</summary>
internal static class PyTorchFiles
{
    /// <summary>The numbers 0, 1, 2, …</summary>
    public static byte[] Counting(int count) =>
        MemoryMarshal.AsBytes<float>([.. Enumerable.Range(0, count).Select(i => (float)i)]).ToArray();

    /// <summary>A zip archive of one pickle and storages.</summary>
    public static byte[] Zip(byte[] pickle, params (string Key, byte[] Bytes)[] storages) =>
        Zip(
            CompressionLevel.NoCompression,
            [("data.pkl", pickle), .. storages.Select(one => ($"data/{one.Key}", one.Bytes))]
        );

    public static byte[] Zip(CompressionLevel level, params (string Name, byte[] Bytes)[] entries)
    {
        var stream = new MemoryStream();
        using (var archive = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach ((string name, byte[] bytes) in entries)
            {
                using Stream entry = archive.CreateEntry($"archive/{name}", level).Open();
                entry.Write(bytes);
            }
        }

        return stream.ToArray();
    }

    /// <summary>The format before the archives: pickles and storages one behind the other.</summary>
    public static byte[] Legacy(byte[] pickle, params (string Key, byte[] Bytes)[] storages) =>
        Legacy(pickle, [.. storages.Select(one => (one.Key, one.Bytes, sizeof(float)))]);

    /// <summary>The same with storages of numbers of a size.</summary>
    public static byte[] Legacy(byte[] pickle, (string Key, byte[] Bytes, int BytesOfNumber)[] storages)
    {
        // LONG1 of ten bytes: 0x1950a86a20f9469cfc6c.
        byte[] magic = [0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];
        return
        [
            .. PickleWriter.Of(writer => writer.Code(0x8a).Code(10).Raw(magic)),
            .. PickleWriter.Of(writer => writer.Number(1001)),
            .. PickleWriter.Of(writer => writer.Dictionary(("little_endian", value => value.Code(0x88)))),
            .. pickle,
            .. PickleWriter.Of(writer =>
            {
                writer.Code(']').Code('(');
                foreach ((string key, _, _) in storages)
                {
                    writer.Text(key);
                }

                writer.Code('e');
            }),
            .. storages.SelectMany(one =>
                (byte[])[.. BitConverter.GetBytes((long)one.Bytes.Length / one.BytesOfNumber), .. one.Bytes]
            ),
        ];
    }
}
